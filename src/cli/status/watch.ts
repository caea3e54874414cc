import {setTimeout as delay} from 'node:timers/promises'
import type {Output} from '../../terminal/style.js'

const home = '\u001b[H'
const eraseToEnd = '\u001b[J'
const eraseLine = '\u001b[K'

export interface WatchOptions {
  out: Output
  intervalMs: number
  signal: AbortSignal
  /** The output on a terminal, which replaces the earlier one. */
  screen: () => Promise<string>
  /** The line to append elsewhere. */
  line: () => Promise<string>
}

/** Shows the status repeatedly until the signal is aborted. */
export async function watch({out, intervalMs, signal, screen, line}: WatchOptions): Promise<void> {
  let isFirst = true
  while (!signal.aborted) {
    if (out.isTTY) out.write(redraw(await screen(), isFirst))
    else out.write(`${await line()}\n`)
    isFirst = false
    await delay(intervalMs, undefined, {signal}).catch((error: unknown) => {
      if (!signal.aborted) throw error
    })
  }
}

/** Overwrites the old text line by line, without flicker. */
function redraw(text: string, isFirst: boolean): string {
  const lines = text.split('\n').map((line) => `${line}${eraseLine}\n`)
  return (isFirst ? home + eraseToEnd : home) + lines.join('') + eraseToEnd
}
