import {writeFile} from 'node:fs/promises'
import {median} from './engine/table.js'
import {readFlags, type Flags} from './serving/flags.js'
import {connect, measureRound, type Running} from './serving/measure-round.js'
import type {ServerProcess} from './serving/server-process.js'
import type {Server} from './serving/servers.js'
import {tableHeader, tableRows, type Column} from './serving/table.js'
import {capacityCell, cellsOf, type Cell} from './serving/workloads.js'

/**
 * `wnn serve` and llama.cpp's own server under realistic traffic:
 * `node --import tsx perf/serving.ts --llama-server FILE`. Needs a build and Linux. Each server is a process of its own
 * for each cell. A round measures each of them once, in the same order. All have one thread. docs/benchmarks.md
 * describes the workloads and the flags.
 */

/** The rate of Poisson arrivals, as a share of the first server's capacity. */
const load = 0.7

interface RoundOptions {
  rounds: number
  ratePerSecond: number
  signal: AbortSignal
}

/** The columns of one cell. */
interface Measured {
  cell: Cell
  columns: Column[]
}

const stop = new AbortController()
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(name, () => stop.abort(new Error(`Interrupted by ${name}.`)))
}
const done: Measured[] = []
const flags = await readFlags(process.argv.slice(2))
try {
  await run(flags, done, stop.signal)
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = stop.signal.aborted ? 130 : 1
} finally {
  if (flags.json !== undefined) await writeFile(flags.json, `${JSON.stringify(done.flatMap(rawFigures), null, 1)}\n`)
}

async function run({workloads, cells, servers, rate, rounds}: Flags, done: Measured[], signal: AbortSignal) {
  const [first] = servers
  if (first === undefined) return
  console.log(tableHeader(servers.map(({name}) => name)))
  const reference = capacityCell(cells)
  for (const cell of workloads.flatMap((workload) => cellsOf(workload, cells))) {
    let ratePerSecond = NaN
    if (cell.workload === 'poisson') {
      const isReference = (one: Measured): boolean =>
        one.cell.workload === 'closed' && one.cell.clients === reference.clients
      ratePerSecond =
        rate ??
        load *
          capacityOf(
            done.find(isReference)?.columns ??
              (await measureCell(reference, [first], {rounds: 1, ratePerSecond, signal})),
          )
    }
    const columns = await measureCell(cell, servers, {rounds, ratePerSecond, signal})
    done.push({cell, columns})
    const shown = cell.workload === 'poisson' ? `${ratePerSecond.toFixed(2)} requests/s, ${cell.load}` : cell.load
    console.log(tableRows(cell.workload, shown, columns))
  }
}

/** Requests per second that the first server completed. */
function capacityOf([first]: readonly Column[]): number {
  return median(first?.rounds.map(({figures}) => figures.completedPerSecond) ?? [])
}

async function measureCell(cell: Cell, servers: readonly Server[], options: RoundOptions): Promise<Column[]> {
  const {signal} = options
  const started: ServerProcess[] = []
  try {
    const running: Running[] = []
    for (const server of servers) {
      const shape = {model: flags.model, slots: cell.slots, contextTokens: cell.contextTokens}
      const one = await server.start(shape, signal)
      started.push(one)
      running.push(await connect(one, server.name, signal))
    }
    return await measureRounds(cell, running, options)
  } finally {
    await Promise.all(started.map((server) => server[Symbol.asyncDispose]()))
  }
}

async function measureRounds(
  cell: Cell,
  running: readonly Running[],
  {rounds, ratePerSecond, signal}: RoundOptions,
): Promise<Column[]> {
  const columns = running.map(({name}): Column => ({name, rounds: []}))
  for (let round = 0; round < rounds; round++) {
    for (const [index, one] of running.entries()) {
      process.stderr.write(`${cell.workload}, ${cell.load}: ${one.name}, round ${round + 1} of ${rounds}\n`)
      // Every round has new prompts. All servers of a round get the same ones.
      const seed = flags.seed * 1000 + round
      const result = await measureRound(one, cell.traffic(ratePerSecond), {seed, signal})
      const {failed, failure} = result.figures
      if (failure !== undefined) process.stderr.write(`${one.name}: ${failed} failed: ${failure.message}\n`)
      columns[index]?.rounds.push(result)
    }
  }
  return columns
}

function rawFigures({cell: {workload, load, clients}, columns}: Measured): object[] {
  return columns.flatMap(({name: server, rounds}) =>
    rounds.map(({figures, ...round}, index) => ({
      workload,
      load,
      clients,
      server,
      round: index + 1,
      ...round,
      figures: {...figures, failure: figures.failure?.message},
    })),
  )
}
