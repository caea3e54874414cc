import {setTimeout as delay} from 'node:timers/promises'
import {sanitize} from '../../terminal/sanitize.js'
import type {Output} from '../../terminal/style.js'
import {cutToWidth, textWidth} from '../../terminal/width.js'

const home = '\u001b[H'
const eraseToEnd = '\u001b[J'
const eraseLine = '\u001b[K'

/** In columns and rows; infinite if the terminal does not say it. */
export interface ScreenSize {
  columns: number
  rows: number
}

export interface WatchOptions {
  out: Output
  intervalMs: number
  signal: AbortSignal
  /**
   * The output on a terminal of this size, which replaces the earlier one; what is longer or wider is cut off. Absent:
   * lines there, too.
   */
  screen?: ((size: ScreenSize) => Promise<string>) | undefined
  /** The line to append elsewhere. */
  line: () => Promise<string>
}

/** Shows the status repeatedly until the signal is aborted. */
export async function watch({out, intervalMs, signal, screen, line}: WatchOptions): Promise<void> {
  let isFirst = true
  while (!signal.aborted) {
    if (out.isTTY && screen !== undefined) {
      const size = {columns: out.columns || Infinity, rows: out.rows || Infinity}
      out.write(redraw(fitLines(sanitize(await screen(size)), size), isFirst))
    } else out.write(`${sanitize(await line())}\n`)
    isFirst = false
    await delay(intervalMs, undefined, {signal}).catch((error: unknown) => {
      if (!signal.aborted) throw error
    })
  }
}

/** The lines that fit. The last row is for the cursor: a newline there would scroll the first one away. */
export function fitLines(text: string, {columns, rows}: ScreenSize): string[] {
  const all = text.split('\n').map((line) => (textWidth(line) <= columns ? line : `${cutToWidth(line, columns - 1)}…`))
  const room = Math.max(1, rows - 1)
  if (all.length <= room) return all
  return [...all.slice(0, room - 1), cutToWidth(`… ${all.length - room + 1} more lines`, columns)]
}

/** Overwrites the old text line by line, without flicker. */
function redraw(lines: readonly string[], isFirst: boolean): string {
  const drawn = lines.map((line) => `${line}${eraseLine}\n`)
  return (isFirst ? home + eraseToEnd : home) + drawn.join('') + eraseToEnd
}
