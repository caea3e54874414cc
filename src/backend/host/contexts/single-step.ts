import type {ComputeOptions} from '../../contract/backend.js'
import type {Journal} from '../journal.js'
import type {Scheduler} from '../../scheduler/scheduler.js'
import type {EngineProcess} from '../../engine/host/engine-process.js'
import {NnError} from '../../../errors.js'
import type {Session} from '../../sessions/session-store.js'
import type {ExecutionContext, Single} from './execution-context.js'
import {endedBy} from './generate.js'
import {anySignal, withWait} from './output.js'
import {commit, generateRequest, newTurn, onCurrentModel, throwIfFull, type Turn} from './turn.js'

/**
 * Begins token-by-token generation: a task that holds its slot until the answer is complete, `fini_single`, a new
 * input or the context's end. Neither `max_tokens` nor a time limit applies: whoever asks for each token decides.
 */
export function beginSingle(
  context: ExecutionContext,
  parts: {scheduler: Scheduler; journal: Journal; keepHistory: (session: Session) => void},
  {signal}: ComputeOptions,
): Promise<Single> {
  const {scheduler, journal} = parts
  const asked = newTurn(context)
  const {priority, enable_log} = asked.effective.request
  context.output = undefined
  return new Promise((resolve, reject) => {
    const carryOut = async (turn: Turn, engine: EngineProcess, stop: AbortSignal, waitedMs: number): Promise<void> => {
      const handle = engine.generate(generateRequest(turn, {pace: 'step', stream: false}))
      const result = endedBy(stop, handle, engine).then((end) => {
        // As with compute: a closed context or a cancelled model is a failure, `fini_single` is an end.
        if (end.stopReason === 'aborted' && stop.reason instanceof NnError) throw stop.reason
        return end
      })
      const single: Single = {
        advance: () => handle.advance(),
        finish: async () => {
          handle.abort()
          await ended
        },
        ended: result.then((end) => throwIfFull(end, turn)),
      }
      // Whoever steps hears of a failure; until then it is nobody's.
      single.ended.catch(() => undefined)
      resolve(single)
      try {
        const end = await result
        const metadata = withWait(end.metadata, waitedMs)
        context.output = {text: end.text, metadata}
        if (end.stopReason !== 'context_full') {
          commit(turn, end)
          parts.keepHistory(context.session)
        }
        journal.answered(context, metadata, waitedMs, enable_log)
      } catch (error) {
        journal.failed(context, error)
        throw error
      }
    }
    const ended = scheduler.submit({
      ...{priority, session: context.session.id, lane: context.graph.id, timeoutMs: 0},
      signal: anySignal(context.closing.signal, signal),
      run: (given, waitedMs) => {
        const turn = unlimited(onCurrentModel(asked))
        return turn.model.use(given, (engine, stop) => carryOut(turn, engine, stop, waitedMs))
      },
    })
    ended.catch(reject)
  })
}

function unlimited(turn: Turn): Turn {
  const {effective} = turn
  return {...turn, effective: {...effective, stopping: {...effective.stopping, max_tokens: -1, max_time_ms: 0}}}
}

/**
 * One more token. @throws `end_of_sequence` when the answer is complete, `context_full` when it had to end, what befell
 * the engine otherwise.
 */
export async function stepSingle(context: ExecutionContext, single: Single, {onText}: ComputeOptions): Promise<void> {
  try {
    const step = await single.advance()
    if (step !== undefined) {
      context.step = step
      onText?.(step.text)
      return
    }
    await single.ended
  } catch (error) {
    context.single = undefined
    throw error
  }
  // Only now: whoever asked must hear of the end, not begin another answer.
  context.single = undefined
  await single.finish()
  if (context.step !== undefined && context.output !== undefined) {
    context.step = {text: '', metadata: context.output.metadata}
  }
  throw new NnError('end_of_sequence')
}

/** Ends what was begun, whatever became of it: its failure belongs to whoever was stepping. */
export async function endSingle(context: ExecutionContext): Promise<void> {
  const {single} = context
  if (single === undefined) return
  await single.finish().catch((error: unknown) => {
    if (!(error instanceof NnError)) throw error
  })
  context.single = undefined
}

/** One step after the other: two at once would both begin, or wait for the same token. */
export function inTurn(context: ExecutionContext, work: () => Promise<void>): Promise<void> {
  context.pendingSteps++
  const step = context.steps.then(work).finally(() => context.pendingSteps--)
  context.steps = step.catch(() => undefined)
  return step
}

/**
 * Ends what was begun behind the steps that were asked for. Whoever would wait for them here does so in the queue
 * instead, where a deadline counts: their session lets nobody pass.
 */
export async function endSteps(context: ExecutionContext): Promise<void> {
  const isPending = context.pendingSteps > 0
  const ended = context.steps.then(() => endSingle(context))
  context.steps = ended.catch(() => undefined)
  if (!isPending) await ended
}
