import type {ComputeOptions, OutputMetadata} from '../../contract/backend.js'
import type {EngineInfo} from '../../engine/protocol.js'
import {NnError} from '../../../errors.js'
import type {Output} from './execution-context.js'

/** Output 0 or 1 of a context, as text; metadata is `undefined` before a compute. @throws `invalid_argument` for another index. */
export function outputText(output: Output | undefined, index: number): string | undefined {
  if (index === 0) return output?.text ?? ''
  if (index === 1) return output === undefined ? undefined : JSON.stringify(output.metadata)
  throw new NnError('invalid_argument', `There is no output ${String(index)}: 0 is the text, 1 the metadata.`)
}

/** Metadata of a prompt that has not been computed. */
export function unansweredMetadata(
  inputTokens: number,
  {llamaBuild, llamaCommit}: EngineInfo,
): Partial<OutputMetadata> {
  return {
    input_tokens: inputTokens,
    output_tokens: 0,
    stop_reason: null,
    llama_build: llamaBuild,
    llama_commit: llamaCommit,
  }
}

/** Metadata with the wait in the queue counted into the time to the first token. */
export function withWait(metadata: OutputMetadata, waitedMs: number): OutputMetadata {
  return {...metadata, ttft_ms: metadata.ttft_ms + waitedMs}
}

/** With `stream_stdout` the text goes to standard output too, as it comes. */
export function withStdout({onText, ...options}: ComputeOptions, streams: boolean): ComputeOptions {
  if (!streams) return onText === undefined ? options : {...options, onText}
  return {
    ...options,
    onText: (text) => {
      process.stdout.write(text)
      onText?.(text)
    },
  }
}

export function anySignal(first: AbortSignal, second: AbortSignal | undefined): AbortSignal {
  return second === undefined ? first : AbortSignal.any([first, second])
}
