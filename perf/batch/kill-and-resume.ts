import {spawn, type ChildProcess} from 'node:child_process'
import {once} from 'node:events'
import {existsSync, readFileSync, statSync, watch, writeFileSync} from 'node:fs'
import path from 'node:path'
import {fileURLToPath} from 'node:url'
import {questions} from './questions.js'

const cli = fileURLToPath(new URL('../../bin/run.js', import.meta.url))

export interface KillOptions {
  folder: string
  model: string
  items: number
  kills: number
  order: 'input' | 'completion'
  concurrency: number
  /** From 0 to 1. */
  random: () => number
  /** Whether some kills come at any time after the start of the process, not only after a row. */
  alsoWhileStarting?: boolean
  /** Whether the standard error of the batch is shown. Defaults to `false`. */
  shown?: boolean
}

/** A batch that was killed and resumed, compared with an undisturbed one. */
export interface KillReport {
  /** The number of rows at each kill. */
  rowsAtKills: number[]
  rows: number
  /** Ids with no row or with several. */
  wrongIds: string[]
  /** Ids whose answers differ. */
  otherAnswers: string[]
  sameOrder: boolean
  exitCode: number | null
  undisturbedMs: number
}

/** Runs the built command over the same items twice. The second time, it is killed and resumed again and again. */
export async function killAndResume(options: KillOptions): Promise<KillReport> {
  const {folder, items, kills, random} = options
  const input = path.join(folder, 'questions.jsonl')
  writeFileSync(input, [...questions(items)].map((item) => `${JSON.stringify(item)}\n`).join(''))
  const [calm, output] = [path.join(folder, 'calm.jsonl'), path.join(folder, 'killed.jsonl')]
  const startedAt = performance.now()
  await run(options, input, calm)
  const undisturbedMs = performance.now() - startedAt

  const size = statSync(calm).size
  const rowsAtKills: number[] = []
  for (let kill = 0; kill < kills; kill++) {
    const child = start(options, input, output)
    const exit = once(child, 'exit')
    // Early enough that the batch cannot finish before the last kill.
    const rest = size * 0.95 - (existsSync(output) ? statSync(output).size : 0)
    const target = size * 0.95 - rest + (rest / (kills - kill)) * random()
    if (options.alsoWhileStarting === true && kill % 3 === 2) setTimeout(() => child.kill('SIGKILL'), 1000 * random())
    else killAtSize(child, output, target)
    const [code, signal] = (await exit) as [number | null, string | null]
    if (signal !== 'SIGKILL') throw new Error(`the batch ended with ${code ?? signal ?? ''} before it was killed`)
    rowsAtKills.push(linesOf(output).length)
  }
  const exitCode = await run(options, input, output)
  return {...compare(linesOf(calm), linesOf(output)), rowsAtKills, exitCode, undisturbedMs}
}

function start({model, order, concurrency, shown = false}: KillOptions, input: string, output: string): ChildProcess {
  const flags = ['--local', '--model', model, '--output', output, '--resume', '--set', 'threads=1']
  return spawn(
    process.execPath,
    [cli, 'batch', input, ...flags, '--order', order, '--concurrency', String(concurrency)],
    {stdio: ['ignore', 'ignore', shown ? 'inherit' : 'ignore']},
  )
}

async function run(options: KillOptions, input: string, output: string): Promise<number | null> {
  const [code] = (await once(start(options, input, output), 'exit')) as [number | null]
  return code
}

function killAtSize(child: ChildProcess, file: string, size: number): void {
  const watcher = watch(path.dirname(file), () => {
    if (existsSync(file) && statSync(file).size > size) child.kill('SIGKILL')
  })
  child.once('exit', () => watcher.close())
}

function linesOf(file: string): string[] {
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : []
}

function compare(
  calm: readonly string[],
  killed: readonly string[],
): Pick<KillReport, 'rows' | 'wrongIds' | 'otherAnswers' | 'sameOrder'> {
  const [expected, found] = [calm, killed].map((lines) => lines.map((line) => JSON.parse(line) as Row)) as [
    Row[],
    Row[],
  ]
  const byId = new Map(found.map((row) => [row.id, row]))
  const wrongIds = expected.filter(({id}) => found.filter((row) => row.id === id).length !== 1).map(({id}) => id)
  const isSame = (one: Row, other: Row | undefined): boolean =>
    one.text !== undefined && one.text === other?.text && one.stop_reason === other.stop_reason
  return {
    rows: found.length,
    wrongIds,
    otherAnswers: expected.filter((row) => !isSame(row, byId.get(row.id))).map(({id}) => id),
    sameOrder: found.every(({id}, at) => id === expected[at]?.id),
  }
}

interface Row {
  id: string
  text?: string
  stop_reason?: string
}
