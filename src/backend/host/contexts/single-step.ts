import {NnError} from '../../../errors.js'
import type {Answer, AnswerOptions, AnswerRequest, Step} from '../../contract/core.js'
import type {EngineProcess, GenerationHandle} from '../../engine/host/engine-process.js'
import type {GenerateResult} from '../../engine/protocol.js'
import type {Parts} from '../parts.js'
import type {ExecutionContext, Single} from './execution-context.js'
import {endedBy} from './generate.js'
import {anySignal, withWait} from './output.js'
import {commit, generateRequest, newTurn, onCurrentModel, throwIfFull, type Turn} from './turn.js'

/** The next token of a context; the first call starts the request. */
export function takeStep(
  context: ExecutionContext,
  request: Required<AnswerRequest>,
  options: AnswerOptions,
  parts: Parts,
): Promise<Step> {
  return inTurn(context, async () => {
    context.single ??= await begin(context, request, options, parts)
    return advance(context, context.single, options)
  })
}

/** While it waits for its turn, the context counts as computing. */
async function begin(
  context: ExecutionContext,
  request: Required<AnswerRequest>,
  options: AnswerOptions,
  parts: Parts,
): Promise<Single> {
  context.computing++
  try {
    return await beginSingle(context, request, options, parts)
  } finally {
    context.computing--
  }
}

/**
 * Starts token-by-token generation: a task that holds its slot until the answer is complete, the caller ends it, or the
 * context is closed. Neither `max_tokens` nor a time limit applies, because the caller requests each token.
 */
function beginSingle(
  context: ExecutionContext,
  request: Required<AnswerRequest>,
  {signal}: AnswerOptions,
  parts: Parts,
): Promise<Single> {
  const asked = newTurn(context, request)
  return new Promise((resolve, reject) => {
    const ended = parts.scheduler.submit({
      priority: asked.effective.request.priority,
      session: context.session.id,
      lane: context.graph.id,
      timeoutMs: 0,
      signal: anySignal(context.closing.signal, signal),
      run: (given, waitedMs) => {
        const turn = unlimited(onCurrentModel(asked))
        return turn.model.use(given, (engine, stop) => {
          const handle = engine.generate(generateRequest(turn, {pace: 'step', stream: false}))
          const result = stepsEndedBy(stop, handle, engine)
          const whole = result.then((end) => wholeAnswer(end, turn, waitedMs))
          // The next step reports a failure, so the rejection is handled later.
          whole.catch(() => undefined)
          resolve({
            advance: () => handle.advance(),
            finish: () => {
              handle.abort()
              return ended
            },
            ended: whole,
          })
          return keep(result, turn, waitedMs, parts)
        })
      },
    })
    ended.catch(reject)
  })
}

/**
 * How the steps ended. As in `answer`, a closed context or a cancelled model is a failure; a caller that stops is not.
 */
async function stepsEndedBy(
  stop: AbortSignal,
  handle: GenerationHandle,
  engine: EngineProcess,
): Promise<GenerateResult> {
  const end = await endedBy(stop, handle, engine)
  if (end.stopReason === 'aborted' && stop.reason instanceof NnError) throw stop.reason
  return end
}

/** @throws `context_full`, with the text so far in `partial`, for an answer that ended because of it */
function wholeAnswer(end: GenerateResult, turn: Turn, waitedMs: number): Answer {
  const answer = {text: end.text, metadata: withWait(end.metadata, waitedMs)}
  try {
    throwIfFull(end, turn)
    return answer
  } catch (error) {
    throw error instanceof NnError ? error.withPartial(answer) : error
  }
}

/** Adds the answer so far to the session. */
async function keep(result: Promise<GenerateResult>, turn: Turn, waitedMs: number, parts: Parts): Promise<Answer> {
  const {context} = turn
  try {
    const end = await result
    const metadata = withWait(end.metadata, waitedMs)
    if (end.stopReason !== 'context_full') {
      commit(turn, end)
      parts.keepHistory(context.session)
    }
    parts.journal.answered(context, metadata, waitedMs, turn.effective.request.enable_log)
    return {text: end.text, metadata}
  } catch (error) {
    parts.journal.failed(context, error)
    throw error
  }
}

function unlimited(turn: Turn): Turn {
  const {effective} = turn
  return {...turn, effective: {...effective, stopping: {...effective.stopping, max_tokens: -1, max_time_ms: 0}}}
}

/** The next token. @throws `context_full` if the context is full, or the engine's failure. */
async function advance(context: ExecutionContext, single: Single, {onText}: AnswerOptions): Promise<Step> {
  let answer: Answer
  try {
    const token = await single.advance()
    if (token !== undefined) {
      onText?.(token.text)
      return {done: false, ...(token as Answer)}
    }
    answer = await single.ended
  } catch (error) {
    context.single = undefined
    throw error
  }
  // Only now: the caller must learn that the answer ended before another one starts.
  context.single = undefined
  await single.finish()
  return {done: true, ...answer}
}

/** Ends the generation and ignores its failure, which was reported to the steps. */
export async function endSingle(context: ExecutionContext): Promise<Answer | undefined> {
  const {single} = context
  if (single === undefined) return undefined
  const answer = await single.finish().catch((error: unknown) => {
    if (!(error instanceof NnError)) throw error
    return undefined
  })
  context.single = undefined
  return answer
}

/** One step after the other: two at once would both start a generation, or wait for the same token. */
function inTurn(context: ExecutionContext, work: () => Promise<Step>): Promise<Step> {
  context.pendingSteps++
  const step = context.steps.then(work).finally(() => context.pendingSteps--)
  context.steps = step.catch(() => undefined)
  return step
}

/**
 * Ends the generation after the requested steps and returns the answer so far. Callers normally wait in the queue
 * instead, where a deadline applies and the session runs one task at a time. With `wait`, this call waits.
 */
export async function endSteps(context: ExecutionContext, {wait = false} = {}): Promise<Answer | undefined> {
  const isPending = context.pendingSteps > 0
  const ended = context.steps.then(() => endSingle(context))
  context.steps = ended.catch(() => undefined)
  return wait || !isPending ? ended : undefined
}
