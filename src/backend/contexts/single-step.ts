import type {Scheduler} from '../scheduler/scheduler.js'
import {NnError} from '../errors.js'
import {effectiveOptions, generateRequest, remember, replaceHistory} from './compute.js'
import type {ExecutionContext, Single} from './execution-context.js'

/**
 * Begins token-by-token generation: a task that holds its slot until the answer is complete, `fini_single`, a new
 * input or the context's end. Neither `max_tokens` nor a time limit applies: whoever asks for each token decides.
 */
export async function beginSingle(context: ExecutionContext, scheduler: Scheduler): Promise<Single> {
  const effective = effectiveOptions(context)
  const unlimited = {...effective, stopping: {...effective.stopping, max_tokens: -1, max_time_ms: 0}}
  const engine = await context.graph.engine()
  return new Promise((resolve, reject) => {
    const task = scheduler.submit({
      priority: effective.request.priority,
      session: context.session.id,
      lane: context.graph.id,
      timeoutMs: Infinity,
      signal: context.closing.signal,
      run: async () => {
        replaceHistory(context, effective)
        const handle = engine.generate(generateRequest(context, unlimited, {pace: 'step', stream: false}))
        const closed = (): void => handle.abort()
        context.closing.signal.addEventListener('abort', closed)
        const finish = async (): Promise<void> => {
          handle.abort()
          await task
        }
        resolve({handle, last: undefined, finish})
        try {
          remember(context, await handle.result)
        } finally {
          context.closing.signal.removeEventListener('abort', closed)
          context.single = undefined
        }
      },
    })
    task.catch(reject)
  })
}

/** One more token. @throws `end_of_sequence` when the answer is complete. */
export async function stepSingle(context: ExecutionContext, single: Single): Promise<string> {
  const step = await single.handle.advance()
  if (step === undefined) {
    const {text, metadata} = await single.handle.result
    context.output = {text, metadata}
    await single.finish()
    throw new NnError('end_of_sequence')
  }
  single.last = step
  return step.text
}
