import {parseArgs} from 'node:util'
import {importBuilt} from './engine/built.js'
import {trained} from './conversations/models.js'
import type {Wnn} from './conversations/open.js'
import {runRounds, type Left, type Sample} from './conversations/run-rounds.js'
import {fitLine} from './conversations/statistics.js'
import {markdownTable, printVerdict} from './conversations/verdict.js'

/**
 * Opens, uses and closes contexts: `node --import tsx perf/rounds.ts`. Needs a build. At the end, nothing may be left
 * of them, and memory must not have grown. Growth is measured on the least-squares line through the samples from round
 * `--from` to the last: its rise over these rounds, relative to its value at the first of them.
 */
const {values: flags} = parseArgs({
  options: {
    model: {type: 'string', default: 'qwen'},
    rounds: {type: 'string', default: '1000'},
    'warm-up': {type: 'string', default: '4000'},
    from: {type: 'string', default: '200'},
    'idle-ms': {type: 'string', default: '500'},
  },
})
const [rounds, warmUpRounds, from, idleTimeoutMs] = (['rounds', 'warm-up', 'from', 'idle-ms'] as const).map((name) =>
  Number(flags[name]),
) as [number, number, number, number]
const mostGrowth = 0.01
const model = trained[flags.model]
if (model === undefined) throw new Error(`--model: there is no ${flags.model}`)

const {samples, atEnd, afterIdle, wrong} = await runRounds(await importBuilt<Wnn>('index.js'), {
  ...{model, rounds, warmUpRounds, idleTimeoutMs, sampleEvery: 10},
})
const mib = (bytes: number): string => (bytes / 1024 ** 2).toFixed(1)
const shown = samples.filter(({round}) => round % (rounds / 10) === 0)
const row = ({round, host, engine}: Sample): (string | number)[] => [round, mib(host), mib(engine), mib(host + engine)]
console.log(markdownTable(['round', 'host MiB', 'engine MiB', 'both'], shown.map(row)))
const kinds = Object.keys(atEnd) as (keyof Left)[]
const leftRow = (when: string, left: Left): (string | number)[] => [when, ...kinds.map((kind) => left[kind])]
console.log(`\n${markdownTable(['left', ...kinds], [leftRow('at the end', atEnd), leftRow('when idle', afterIdle)])}\n`)

const line = fitLine(
  samples.filter(({round}) => round >= from).map(({round, host, engine}) => ({x: round, y: host + engine})),
)
const growth = (line.slope * (rounds - from)) / line.at(from)
const {sessions, savedCaches, ...work} = atEnd
const nothing = (left: Partial<Left>): boolean => Object.values(left).every((count) => count === 0)
printVerdict([
  {text: `${wrong} of ${rounds + warmUpRounds} answers are wrong`, met: wrong === 0},
  {
    text: `no context, task or busy slot is left at the end (of ${sessions} sessions, ${savedCaches} saved caches)`,
    met: nothing(work),
  },
  {text: `no session or saved cache is left after ${idleTimeoutMs} ms of idling`, met: nothing(afterIdle)},
  {
    text: `memory of both processes from round ${from} to ${rounds}: ${(growth * 100).toFixed(2)} % (${mib(line.at(from))} to ${mib(line.at(rounds))} MiB)`,
    met: growth < mostGrowth,
  },
])
