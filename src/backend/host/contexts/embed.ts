import {randomUUID} from 'node:crypto'
import type {Embeddings, EmbedOptions} from '../../contract/types.js'
import {NnError} from '../../../errors.js'
import type {Graph} from '../../models/graph.js'
import type {Scheduler} from '../../scheduler/scheduler.js'

/** Embeds texts as one task of the queue, with the same share of the engine's time as an answer. */
export async function embedTexts(
  graph: Graph,
  texts: readonly string[],
  scheduler: Scheduler,
  {signal, priority = 'normal', timeoutMs = graph.config.backend.default_task_timeout_ms}: EmbedOptions,
): Promise<Embeddings> {
  const session = `embed-${randomUUID()}`
  try {
    return await scheduler.submit({
      ...{priority, session, lane: graph.id, timeoutMs, signal},
      run: (stop) => embedAll(graph, texts, stop),
    })
  } catch (error) {
    if (signal?.aborted !== true || error !== signal.reason) throw error
    throw new NnError('aborted', 'The embedding was cancelled.', {cause: error})
  } finally {
    scheduler.forgetSession(session)
  }
}

/** One message per text, so that the work can be aborted and answers continue between two texts. */
function embedAll(graph: Graph, texts: readonly string[], signal: AbortSignal): Promise<Embeddings> {
  return graph.model.use(signal, async (engine, stop) => {
    const embeddings: Embeddings = {vectors: [], tokens: 0}
    for (const text of texts) {
      stop.throwIfAborted()
      const {vector, tokens} = await engine.embed(text)
      embeddings.vectors.push(vector)
      embeddings.tokens += tokens
    }
    return embeddings
  })
}
