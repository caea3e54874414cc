import type {AnswerOptions} from '../../contract/core.js'
import type {EngineProcess, GenerationHandle} from '../../engine/host/engine-process.js'
import type {GenerateResult} from '../../engine/protocol.js'
import {NnError, type Reason} from '../../../errors.js'
import type {PartialAnswer} from './execution-context.js'
import {generateRequest, type Turn} from './turn.js'

/** An engine that has not reacted to an abort for this time is checked, and killed if it is stuck. */
const graceMs = 5000

/** Reasons of a generation whose engine is gone. Only of an engine that died for another reason is the next one tried. */
const deadly: readonly Reason[] = ['engine_died', 'request_killed_engine', 'model_changed']

export interface GenerateOptions extends Pick<AnswerOptions, 'onText'> {
  /** Called with what was generated before a failure. */
  onPartial: (partial: PartialAnswer) => void
}

/**
 * Runs one generation until it ends or `signal` is aborted. An abort returns the text so far; a deadline is an error.
 * If the engine dies before any text was sent, the generation is retried once on the next engine.
 */
export async function generate(turn: Turn, signal: AbortSignal, options: GenerateOptions): Promise<GenerateResult> {
  const {onText, onPartial} = options
  const given = {text: ''}
  const onPiece = (text: string): void => {
    given.text += text
    onText?.(text)
  }
  const how = {...options, ...(onText && {onText: onPiece})}
  // Between the two attempts no engine is in use, but the model must not be unloaded.
  return turn.model.hold(async () => {
    try {
      return await attempt(turn, signal, how)
    } catch (error) {
      if (!(error instanceof NnError) || !deadly.includes(error.reason) || signal.aborted) throw error
      const isCertain = error.reason !== 'engine_died'
      if (given.text === '' && !isCertain) return turn.model.retry(error, signal, () => attempt(turn, signal, how))
      if (given.text === '') throw error
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
      // A deadline or a closed context is a failure; the caller's signal only ends the answer early.
      onPartial({text: result.text, metadata: result.metadata})
      throw stop.reason
    } catch (error) {
      if (error instanceof NnError && error.partial !== undefined) onPartial(error.partial)
      throw error
    }
  })
}

/** The generation's result. Ends it when the signal is aborted, and kills the engine if it is stuck. */
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
        // The engine is gone, which ends the generation.
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
    // The killed engine reports a crash; the signal has the real reason.
    if (grace !== undefined && engine.killed && signal.reason instanceof NnError) throw signal.reason
    throw error
  } finally {
    clearTimeout(grace)
    grace = undefined
    signal.removeEventListener('abort', abort)
  }
}
