import {createParser} from 'eventsource-parser'
import {NnError} from '../../errors.js'
import type {PieceTimes} from '../piece-times.js'
import {sanitizeLine} from '../../terminal/sanitize.js'

/** Fields of a chunk of a streamed completion; all are optional. */
interface Chunk {
  choices?: {
    text?: string | null
    /** Of a chat. */
    delta?: {content?: string | null; reasoning_content?: string | null} | null
    finish_reason?: string | null
  }[]
  usage?: {
    prompt_tokens?: number
    completion_tokens?: number
    prompt_tokens_details?: {cached_tokens?: number; dropped_messages?: number} | null
  } | null
  /** llama-server's own clock. */
  timings?: {prompt_ms?: number; predicted_ms?: number; cache_n?: number}
  error?: {message?: string} | null
}

/** Result of a finished stream. */
export interface StreamEnd extends Pick<Chunk, 'usage' | 'timings'> {
  /** Whether the server reported that the answer is complete. */
  complete: boolean
}

/**
 * Reads the events of a streamed completion and records when pieces of text arrived and the answer ended.
 *
 * @throws `runtime_error` for an error event, an event that is not JSON, or an incomplete stream
 */
export async function readStream(
  body: ReadableStream<Uint8Array>,
  times: PieceTimes,
  onText?: (text: string) => void,
): Promise<StreamEnd> {
  const end: StreamEnd = {complete: false}
  const said = {done: false}
  const parser = createParser({
    onEvent: ({data}) => {
      if (data === '[DONE]') {
        said.done = end.complete = true
        times.end()
        return
      }
      const {choices, usage, timings, error} = parse(data)
      if (error != null) throw new NnError('runtime_error', `The server says: ${sanitizeLine(error.message ?? data)}`)
      const [choice] = choices ?? []
      const text = choice?.text ?? choice?.delta?.content ?? ''
      // Reasoning counts for the time, but later turns do not send it.
      if (text !== '' || (choice?.delta?.reasoning_content ?? '') !== '') {
        times.piece()
        onText?.(text)
      }
      if (choice?.finish_reason != null && choice.finish_reason !== '') {
        end.complete = true
        times.end()
      }
      if (usage != null) end.usage = usage
      if (timings !== undefined) end.timings = timings
    },
  })
  const decoder = new TextDecoder()
  for await (const bytes of body) {
    parser.feed(decoder.decode(bytes, {stream: true}))
    // Some servers leave the connection open.
    if (said.done) break
  }
  if (!end.complete) throw new NnError('runtime_error', 'The server ended its stream before the answer was complete.')
  return end
}

function parse(data: string): Chunk {
  try {
    const chunk: unknown = JSON.parse(data)
    if (typeof chunk === 'object' && chunk !== null) return chunk
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
  }
  throw new NnError(
    'runtime_error',
    `The server sent an event that is not a JSON object: ${sanitizeLine(data.slice(0, 100))}`,
  )
}
