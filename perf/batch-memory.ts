import {execFile} from 'node:child_process'
import {createWriteStream, mkdtempSync, readFileSync, rmSync} from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import {Readable} from 'node:stream'
import {pipeline} from 'node:stream/promises'
import {fileURLToPath} from 'node:url'
import {parseArgs, promisify} from 'node:util'
import {markdownTable, printVerdict} from './conversations/verdict.js'
import {median} from './engine/table.js'

/**
 * Host memory of a batch by the length of its input, with scripted answers instead of a model:
 * `node --import tsx perf/batch-memory.ts`. Each run is a process of its own; the figure is its peak resident memory
 * (`VmHWM`). Lengths and orders alternate.
 */
const {values: flags} = parseArgs({
  options: {
    lines: {type: 'string', default: '2000,200000'},
    rounds: {type: 'string', default: '3'},
    'limit-percent': {type: 'string', default: '20'},
  },
})
const lengths = flags.lines.split(',').map(Number)
const script = fileURLToPath(new URL('./batch/scripted-batch.ts', import.meta.url))
const folder = mkdtempSync(path.join(os.tmpdir(), 'wnn-bench-'))
const orders = ['input', 'completion'] as const
const peaks = new Map<string, number[]>()

try {
  for (const length of lengths) await writeInput(length)
  for (let round = 0; round < Number(flags.rounds); round++) {
    for (const order of orders) {
      for (const length of lengths) {
        const key = `${order} ${length}`
        peaks.set(key, [...(peaks.get(key) ?? []), await measure(length, order)])
      }
    }
  }
} finally {
  rmSync(folder, {recursive: true, force: true})
}

const mib = (order: string, length: number): number => median(peaks.get(`${order} ${length}`) ?? []) / 1024 ** 2
const ratioOf = (order: string): number => mib(order, lengths.at(-1) ?? 0) / mib(order, lengths[0] ?? 0)
console.log(
  markdownTable(
    ['order', ...lengths.map((length) => `${length} lines, MiB`), 'ratio'],
    orders.map((order) => [
      order,
      ...lengths.map((length) => mib(order, length).toFixed(1)),
      ratioOf(order).toFixed(3),
    ]),
  ),
)
console.log()
const most = 1 + Number(flags['limit-percent']) / 100
printVerdict(
  orders.map((order) => ({
    text: `order ${order}: ${((ratioOf(order) - 1) * 100).toFixed(1)} % more for ${lengths.at(-1) ?? 0} lines`,
    met: ratioOf(order) <= most,
  })),
)

async function writeInput(length: number): Promise<void> {
  function* lines(): Generator<string> {
    for (let n = 1; n <= length; n++) {
      yield `${JSON.stringify({id: `i${n}`, prompt: `Tell me about the number ${n}. ${'Take your time. '.repeat(8)}`, temp: 0})}\n`
    }
  }
  await pipeline(Readable.from(lines()), createWriteStream(path.join(folder, `${length}.jsonl`)))
}

async function measure(length: number, order: string): Promise<number> {
  const [input, output] = [path.join(folder, `${length}.jsonl`), path.join(folder, 'rows.jsonl')]
  const {stdout} = await promisify(execFile)(process.execPath, ['--import', 'tsx', script, input, output, order])
  const {answered, peakBytes} = JSON.parse(stdout) as {answered: number; peakBytes: number}
  const rows = readFileSync(output).filter((byte) => byte === 0x0a).length
  if (answered !== length || rows !== length)
    throw new Error(`${length} input lines gave ${answered} answers and ${rows} rows.`)
  return peakBytes
}
