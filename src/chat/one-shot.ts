import {buffer} from 'node:stream/consumers'
import {addAbortSignal, type Readable} from 'node:stream'
import type {OutputMetadata} from '../backend/contract/types.js'
import {decodeText} from '../documents/index.js'
import {NnError} from '../errors.js'
import {AnswerText} from './answer-text.js'
import type {OpenChat} from './open-chat.js'
import {droppedLine, statsLine} from './stats.js'
import {paint, type Output} from '../terminal/style.js'

/** What `wnn chat --json` prints. */
export interface ChatResult {
  text: string
  session: string
  /** Path or name, as it was given. */
  model: string
  metadata: OutputMetadata
}

export interface OneShotOptions {
  prompt: string
  /** Where to stream the answer; absent: nowhere. */
  out?: Output | undefined
  /** Where to print statistics afterwards. */
  stats?: Output | undefined
  /** Called with what the user should know about the answer. */
  tell: (text: string) => void
  signal: AbortSignal
}

/** The whole input, without the newline that ends its last line. @throws `invalid_encoding` if it is not a text. */
export async function readInput(input: Readable, signal: AbortSignal): Promise<string> {
  const bytes = await buffer(addAbortSignal(signal, input))
  return decodeText(bytes, 'Standard input').replace(/\r?\n$/, '')
}

/** The whole input as one prompt. @throws `invalid_argument` if it is empty. */
export async function readPrompt(input: Readable, signal: AbortSignal): Promise<string> {
  const prompt = await readInput(input, signal)
  if (prompt.trim() !== '') return prompt
  throw new NnError('invalid_argument', 'Standard input is empty.', {hint: 'Pipe a prompt in, or use --prompt.'})
}

/** Answers one prompt: the text and a newline, and nothing else, go to `out`. */
export async function answerOnce(chat: OpenChat, options: OneShotOptions): Promise<ChatResult> {
  const {prompt, out, stats, tell, signal} = options
  const shown = out && new AnswerText(out)
  const reply = await chat.conversation.ask(prompt, {signal, ...(shown && {onText: (piece) => shown.add(piece)})})
  shown?.flush()
  // After Ctrl-C, a terminal shows `^C` even where there is no text.
  const endsLine = reply.text !== '' || reply.failure === undefined || (signal.aborted && out?.isTTY === true)
  if (endsLine) out?.write('\n')
  signal.throwIfAborted()
  if (reply.failure !== undefined) throw reply.failure
  const {text: answer, metadata} = reply
  if (metadata === undefined) throw new NnError('unknown', 'The answer has no metadata.')
  const dropped = droppedLine(metadata)
  if (dropped !== undefined) tell(dropped)
  stats?.write(`${paint(stats, 'dim', statsLine(metadata))}\n`)
  return {text: answer, session: chat.session, model: chat.model.name, metadata}
}
