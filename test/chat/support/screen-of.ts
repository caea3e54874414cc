import xterm from '@xterm/headless'

export interface Size {
  columns: number
  rows: number
}

/** The rows that a terminal of this size shows after this output, those that scrolled away included. */
export async function screenOf(output: string, {columns, rows}: Size): Promise<string[]> {
  const terminal = new xterm.Terminal({cols: columns, rows, allowProposedApi: true})
  await new Promise<void>((resolve) => {
    terminal.write(output, resolve)
  })
  const {active} = terminal.buffer
  const lines = Array.from({length: active.length}, (_, row) => active.getLine(row)?.translateToString(true) ?? '')
  return lines.slice(0, lines.findLastIndex((line) => line !== '') + 1)
}
