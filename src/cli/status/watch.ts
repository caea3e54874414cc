import {setTimeout as delay} from 'node:timers/promises'
import type {Output} from '../../terminal/style.js'

const home = '\u001b[H'
const eraseToEnd = '\u001b[J'
const eraseLine = '\u001b[K'

export interface WatchOptions {
  out: Output
  intervalMs: number
  signal: AbortSignal
  /** What is shown on a terminal, in place of what was there. */
  screen: () => Promise<string>
  /** What is added elsewhere. */
  line: () => Promise<string>
}

/** Shows the status again and again until the signal is aborted. */
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

/** Line by line over the old text: nothing flickers, and nothing of it stays. */
function redraw(text: string, isFirst: boolean): string {
  const lines = text.split('\n').map((line) => `${line}${eraseLine}\n`)
  return (isFirst ? home + eraseToEnd : home) + lines.join('') + eraseToEnd
}
