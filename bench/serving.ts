import {writeFile} from 'node:fs/promises'
import {median} from './engine/table.js'
import {readFlags, type Flags} from './serving/flags.js'
import {connect, measureRound, type Round, type Running} from './serving/measure-round.js'
import type {ServerProcess} from './serving/server-process.js'
import type {Server} from './serving/servers.js'
import {tableHeader, tableRows, type Column} from './serving/table.js'
import {capacityCell, cellsOf, type Cell} from './serving/workloads.js'

/**
 * Servers under the traffic that servers see, beside llama.cpp's own: `node --import tsx bench/serving.ts --llama-server FILE`.
 * Needs a build and Linux. Each server is a process of its own for each cell; a round measures each of them once, in
 * the same order. All have one thread. docs/benchmarks.md describes the workloads and the flags.
 */
const flags = await readFlags(process.argv.slice(2))
const stop = new AbortController()
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(name, () => stop.abort(new Error(`Interrupted by ${name}.`)))
}
const raw: object[] = []
/** Completed requests per second of the first server, with as many clients as Poisson arrivals have slots. */
let capacity: number | undefined

try {
  await run(flags, stop.signal)
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = stop.signal.aborted ? 130 : 1
} finally {
  if (flags.json !== undefined) await writeFile(flags.json, `${JSON.stringify(raw, null, 1)}\n`)
}

async function run({workloads, cells, servers, rate}: Flags, signal: AbortSignal): Promise<void> {
  const [first] = servers
  if (first === undefined) return
  console.log(tableHeader(servers.map(({name}) => name)))
  const reference = capacityCell(cells)
  for (const cell of workloads.flatMap((workload) => cellsOf(workload, cells))) {
    if (cell.workload === 'poisson' && rate === undefined && capacity === undefined) {
      await measureCell(reference, [first], {rounds: 1, ratePerSecond: NaN, signal})
    }
    const ratePerSecond = rate ?? 0.7 * (capacity ?? NaN)
    const columns = await measureCell(cell, servers, {rounds: flags.rounds, ratePerSecond, signal})
    const load = cell.workload === 'poisson' ? `${ratePerSecond.toFixed(2)} requests/s, ${cell.load}` : cell.load
    console.log(tableRows(cell.workload, load, columns))
  }
}

interface RoundOptions {
  rounds: number
  ratePerSecond: number
  signal: AbortSignal
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
      running.push(await connect(one, signal))
    }
    return await measureRounds(cell, servers, running, options)
  } finally {
    await Promise.all(started.map((server) => server[Symbol.asyncDispose]()))
  }
}

async function measureRounds(
  cell: Cell,
  servers: readonly Server[],
  running: readonly Running[],
  {rounds, ratePerSecond, signal}: RoundOptions,
): Promise<Column[]> {
  const measured = servers.map(({name}): {name: string; rounds: Round[]} => ({name, rounds: []}))
  for (let round = 0; round < rounds; round++) {
    for (const [index, one] of running.entries()) {
      const name = servers[index]?.name ?? ''
      process.stderr.write(`${cell.workload}, ${cell.load}: ${name}, round ${round + 1} of ${rounds}\n`)
      // Every round has new prompts, and the servers of a round have the same ones.
      const seed = flags.seed * 1000 + round
      const result = await measureRound(one, cell.traffic(ratePerSecond), {seed, signal})
      const {failed, failure} = result.figures
      if (failure !== undefined) process.stderr.write(`${name}: ${failed} failed: ${failure.message}\n`)
      measured[index]?.rounds.push(result)
      raw.push({
        workload: cell.workload,
        load: cell.load,
        clients: cell.clients,
        server: name,
        round: round + 1,
        ...result,
      })
    }
  }
  const [first] = measured
  if (cell.workload === 'closed' && cell.clients === capacityCell(flags.cells).clients && first !== undefined) {
    capacity = median(first.rounds.map(({figures}) => figures.completedPerSecond))
  }
  return measured
}
