import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {setTimeout as wait} from 'node:timers/promises'
import xterm from '@xterm/headless'

const columns = 80
const rows = 24

/** A row of the screen, in pieces with the same style. */
export type Line = {text: string; color: number | undefined; bold: boolean; dim: boolean}[]

/** The screen from a moment on, in milliseconds from the start. */
export interface Frame {
  atMs: number
  lines: Line[]
}

/** An action of the user: waits until the screen shows a text, pauses, types. */
export interface Action {
  until: string
  pauseMs: number
  type: string
}

/** Runs a command in a terminal of 80 × 24 and records the screen. `script` of util-linux provides the terminal. */
export async function record(command: string, actions: readonly Action[], cwd: string): Promise<Frame[]> {
  const terminal = new xterm.Terminal({cols: columns, rows, allowProposedApi: true})
  const env = {...process.env, TERM: 'xterm-256color', COLUMNS: String(columns), LINES: String(rows)}
  const resized = `stty cols ${columns} rows ${rows}; ${command}`
  const child = spawn('script', ['-qec', resized, '/dev/null'], {cwd, env, stdio: ['pipe', 'pipe', 'inherit']})
  const startedAt = performance.now()
  const frames: Frame[] = []
  const take = (): void => {
    const lines = linesOf(terminal)
    const last = frames.at(-1)
    if (JSON.stringify(last?.lines) !== JSON.stringify(lines)) frames.push({atMs: performance.now() - startedAt, lines})
  }
  child.stdout.on('data', (data: Buffer) => terminal.write(data, take))
  const shows = (text: string): boolean => linesOf(terminal).some((line) => textOf(line).includes(text))
  const ended = once(child, 'close')
  for (const {until, pauseMs, type} of actions) {
    while (!shows(until)) await Promise.race([once(child.stdout, 'data').then(() => wait(20)), ended])
    await wait(pauseMs)
    for (const key of type) {
      child.stdin.write(key)
      await wait(45)
    }
  }
  await ended
  return frames
}

const textOf = (line: Line): string => line.map(({text}) => text).join('')

function linesOf(terminal: InstanceType<typeof xterm.Terminal>): Line[] {
  const {active} = terminal.buffer
  const lines: Line[] = []
  for (let y = 0; y < rows; y++) {
    const row = active.getLine(active.baseY + y)
    const line: Line = []
    for (let x = 0; row !== undefined && x < columns; x++) {
      const cell = row.getCell(x)
      if (cell === undefined || cell.getWidth() === 0) continue
      const look = {
        color: cell.isFgPalette() ? cell.getFgColor() : undefined,
        bold: cell.isBold() !== 0,
        dim: cell.isDim() !== 0,
      }
      const last = line.at(-1)
      const text = cell.getChars() || ' '
      const isSame = last !== undefined && last.color === look.color && last.bold === look.bold && last.dim === look.dim
      if (isSame) last.text += text
      else line.push({text, ...look})
    }
    lines.push(line)
  }
  return lines
}
