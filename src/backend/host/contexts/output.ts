import {sanitize} from '../../../terminal/sanitize.js'
import type {AnswerOptions} from '../../contract/core.js'
import type {OutputMetadata} from '../../contract/types.js'

/** Metadata with the wait in the queue counted into the time to the first token. */
export function withWait(metadata: OutputMetadata, waitedMs: number): OutputMetadata {
  return {...metadata, ttft_ms: metadata.ttft_ms + waitedMs}
}

/** With `stream_stdout` the text also goes to standard output while it is generated. */
export function withStdout({onText, ...options}: AnswerOptions, streams: boolean): AnswerOptions {
  if (!streams) return onText === undefined ? options : {...options, onText}
  return {
    ...options,
    onText: (text) => {
      process.stdout.write(process.stdout.isTTY ? sanitize(text) : text)
      onText?.(text)
    },
  }
}

export function anySignal(first: AbortSignal, second: AbortSignal | undefined): AbortSignal {
  return second === undefined ? first : AbortSignal.any([first, second])
}
