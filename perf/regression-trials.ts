import {parseArgs} from 'node:util'
import {fileURLToPath} from 'node:url'
import type * as Library from '../src/index.js'
import type * as Compare from '../src/bench/compare.js'
import type * as Measure from '../src/bench/measure.js'
import type * as PromptsModule from '../src/bench/prompts.js'
import type * as Run from '../src/bench/run.js'
import type * as SeriesModule from '../src/bench/series.js'
import type {Sample, Series, Test, Verdict} from '../src/bench/result.js'
import {importBuilt, importInternals} from './engine/built.js'
import {cachedModel} from './model/write-model.js'
import {StepTarget} from './regression/step-target.js'

/**
 * Whether `wnn bench` finds a slow-down of 10 %, and none where there is none:
 * `node --import tsx perf/regression-trials.ts`. Needs a build. Each trial measures generation on three targets in
 * turn: the engine unchanged, the same unchanged once more, and with each token delayed by a share of the time that it
 * took. The second and third are judged against the first: round by round, as `--against-first` does, and as if they
 * were two runs, as `--baseline` does.
 */
const {values: flags} = parseArgs({
  options: {
    model: {type: 'string', default: 'bench'},
    trials: {type: 'string', default: '20'},
    repetitions: {type: 'string', default: '120'},
    generate: {type: 'string', default: '4'},
    slowdown: {type: 'string', default: '0.1'},
    limit: {type: 'string', default: '0.05'},
  },
})
const tiny = fileURLToPath(new URL('../fixtures/models/tiny-qwen2-chat.gguf', import.meta.url))
const model = flags.model === 'tiny' ? tiny : flags.model === 'bench' ? await cachedModel('bench') : flags.model
const generate = Number(flags.generate)
const test: Test = {
  ...{name: `tg${generate}`, workload: 'tg', prompt_tokens: 8, generate_tokens: generate, depth: 0, concurrency: 1},
}
const names = {plain: 'plain', again: 'plain again', slow: 'slowed down'} as const

const {initBackend} = await importBuilt<typeof Library>('index.js')
const [{measure}, {Prompts}, {seriesOf}, {bootstrapOf}, {judge, judgeRatio}] = await importInternals<
  [typeof Measure, typeof PromptsModule, typeof SeriesModule, typeof Run, typeof Compare]
>('bench/measure.ts', 'bench/prompts.ts', 'bench/series.ts', 'bench/run.ts', 'bench/compare.ts')

const {signal} = new AbortController()
await using backend = await initBackend({
  config: {parallel: 1, ctx_size: generate + 64, threads: 1, default_task_timeout_ms: 3_600_000},
})
const graph = await backend.loadByName(model)
const plain = new StepTarget(backend, graph, names.plain, 0)
const prompts = await Prompts.forTokenizer((text) => plain.countTokens(text))
const targets = [
  plain,
  new StepTarget(backend, graph, names.again, 0),
  new StepTarget(backend, graph, names.slow, Number(flags.slowdown)),
]
console.log(`${generate} tokens, ${flags.repetitions} repetitions`)
console.log('| trial | unchanged, round by round | | as two runs | | delayed, round by round | | as two runs | |')
console.log('|---|---|---|---|---|---|---|---|---|')
const ways = ['round by round', 'as two runs'] as const
const tally = Object.fromEntries(ways.map((way) => [way, {again: [], slow: []}])) as unknown as Record<
  (typeof ways)[number],
  Record<'again' | 'slow', Verdict['verdict'][]>
>
for (let trial = 1; trial <= Number(flags.trials); trial++) {
  const series = await runTrial(trial)
  const judged = (['again', 'slow'] as const).flatMap((who) =>
    ways.map((way) => {
      const {change, verdict} = judgeAs(way, series, names[who], trial)
      tally[way][who].push(verdict)
      return `${(change * 100).toFixed(1)} % | ${verdict}`
    }),
  )
  console.log(`| ${trial} | ${judged.join(' | ')} |`)
}
for (const way of ways) {
  const [found, mistaken] = [tally[way].slow, tally[way].again].map(
    (all) => all.filter((one) => one === 'worse').length,
  )
  console.log(`${way}: called worse: ${found} of ${flags.trials} delayed, ${mistaken} of ${flags.trials} unchanged`)
}
const {again, slow} = tally['round by round']
process.exitCode = slow.every((one) => one === 'worse') && !again.includes('worse') ? 0 : 1

async function runTrial(trial: number): Promise<Series[]> {
  const measured = targets.map((target) => ({target, prompts}))
  const samples: Sample[] = []
  const options = {repetitions: Number(flags.repetitions), warmup: 1, seed: trial, signal, now: () => performance.now()}
  for await (const sample of measure(measured, [test], options)) samples.push(sample)
  return seriesOf(samples, [test], targets.map(({subject}) => subject), bootstrapOf(trial)) // prettier-ignore
}

function judgeAs(way: (typeof ways)[number], series: readonly Series[], name: string, trial: number): Judged {
  const of = (subject: string): Series => {
    const found = series.find((one) => one.subject === subject && one.metric === 'tg')
    if (found === undefined) throw new Error(`${subject} has no tg`)
    return found
  }
  const [before, now] = [of(names.plain), of(name)]
  if (way === 'as two runs') return judge(before, now, Number(flags.limit), bootstrapOf(trial))
  if (now.to_first === null) throw new Error(`${name} has no ratio`)
  return judgeRatio(now.to_first, now.better, Number(flags.limit))
}

type Judged = ReturnType<typeof judge>
