import type {ExecutionContext} from './execution-context.js'
import {unansweredMetadata} from './output.js'
import {newTurn, promptOf} from './turn.js'

/** Metadata before a compute, as JSON: the prompt's length is known, guests print it there. Empty without an input. */
export async function pendingMetadata(context: ExecutionContext): Promise<string> {
  if (context.input === undefined) return ''
  const {closing, graph} = context
  return graph.model.use(closing.signal, async (engine) =>
    JSON.stringify(unansweredMetadata(await engine.count(promptOf(newTurn(context))), engine.info)),
  )
}
