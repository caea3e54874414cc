import {once} from 'node:events'
import {fstatSync} from 'node:fs'
import type {Readable} from 'node:stream'
import {readInput} from './one-shot.js'

/** A program that starts another one often leaves its input open and sends nothing. */
const silentMs = 3000

export interface JoinInputOptions {
  /** Standard input; opened only if something may be in it. */
  input: () => Readable
  signal: AbortSignal
  /** Called when a socket sent nothing, with a sentence for the user. */
  warn: (text: string) => void
}

/** The prompt of `--prompt`, followed by an empty line and the text that is piped or redirected to standard input. */
export async function joinInput(prompt: string, {input, signal, warn}: JoinInputOptions): Promise<string> {
  const stats = fstatSync(0)
  // Terminals and /dev/null are character devices.
  if (!stats.isFIFO() && !stats.isFile() && !stats.isSocket()) return prompt
  const stream = input()
  if (stats.isSocket() && !(await startsSoon(stream, signal))) {
    stream.destroy()
    warn(`Standard input sent nothing for ${silentMs / 1000} s and was ignored. Close it, or use < /dev/null.`)
    return prompt
  }
  const piped = await readInput(stream, signal)
  return piped.trim() === '' ? prompt : `${prompt}\n\n${piped}`
}

/** Whether the stream has data, or has ended, before the time is over. */
async function startsSoon(stream: Readable, signal: AbortSignal): Promise<boolean> {
  const silence = AbortSignal.timeout(silentMs)
  try {
    await once(stream, 'readable', {signal: AbortSignal.any([signal, silence])})
    return true
  } catch (error) {
    if (silence.aborted && !signal.aborted) return false
    throw error
  }
}
