import type {AnswerOptions} from '../../contract/core.js'
import type {EngineProcess, GenerationHandle} from '../../engine/host/engine-process.js'
import type {GenerateResult} from '../../engine/protocol.js'
import {NnError} from '../../../errors.js'
import type {PartialAnswer} from './execution-context.js'
import {generateRequest, type Turn} from './turn.js'

/** An engine that has not reacted to an abort for so long is looked at, and ended when it is stuck. */
const graceMs = 5000

export interface GenerateOptions extends Pick<AnswerOptions, 'onText'> {
  /** Called with what was generated before a failure. */
  onPartial: (partial: PartialAnswer) => void
}

/**
 * Runs one generation to its end, or until `signal` says stop: then what was said so far is the result, except past
 * the deadline, which is an error. When the engine dies before anything was given out, it is tried once more on the next
 * one.
 */
export async function generate(turn: Turn, signal: AbortSignal, options: GenerateOptions): Promise<GenerateResult> {
  const {onText, onPartial} = options
  const given = {text: ''}
  const onPiece = (text: string): void => {
    given.text += text
    onText?.(text)
  }
  const how = {...options, ...(onText && {onText: onPiece})}
  // Between the two attempts nothing works with an engine, and still the model may not go.
  return turn.model.hold(async () => {
    try {
      return await attempt(turn, signal, how)
    } catch (error) {
      if (!(error instanceof NnError) || error.reason !== 'engine_died' || signal.aborted) throw error
      if (given.text === '') return await attempt(turn, signal, how)
      onPartial({text: given.text, metadata: {stop_reason: null}})
      throw error
    }
  })
}

async function attempt(turn: Turn, signal: AbortSignal, {onText, onPartial}: GenerateOptions): Promise<GenerateResult> {
  return turn.model.use(signal, async (engine, stop) => {
    const handle = engine.generate(generateRequest(turn, {pace: 'free', stream: onText !== undefined}), onText)
    try {
      const result = await endedBy(stop, handle, engine)
      if (result.stopReason !== 'aborted' || !(stop.reason instanceof NnError)) return result
      // A deadline or a closed context is a failure; the caller's own signal only ends the answer early.
      onPartial({text: result.text, metadata: result.metadata})
      throw stop.reason
    } catch (error) {
      if (error instanceof NnError && error.partial !== undefined) onPartial(error.partial)
      throw error
    }
  })
}

/** The generation's result, ended when the signal says so, and by force when the engine is stuck. */
export async function endedBy(
  signal: AbortSignal,
  handle: GenerationHandle,
  engine: EngineProcess,
): Promise<GenerateResult> {
  let grace: NodeJS.Timeout | undefined
  const watch = (): void => {
    grace = setTimeout(() => {
      engine.isStuck().then(
        (stuck) =>
          stuck ? engine.kill('it did not end a generation when it was asked to') : grace !== undefined && watch(),
        // It is gone, which ends the generation.
        () => undefined,
      )
    }, graceMs)
  }
  const abort = (): void => {
    handle.abort()
    if (grace === undefined) watch()
  }
  if (signal.aborted) abort()
  signal.addEventListener('abort', abort)
  try {
    return await handle.result
  } catch (error) {
    // The engine that was killed says that it died; what happened is what the signal says.
    if (grace !== undefined && engine.killed && signal.reason instanceof NnError) throw signal.reason
    throw error
  } finally {
    clearTimeout(grace)
    grace = undefined
    signal.removeEventListener('abort', abort)
  }
}
