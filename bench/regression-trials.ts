import {parseArgs} from 'node:util'
import {fileURLToPath} from 'node:url'
import type * as Library from '../src/index.js'
import type * as Compare from '../src/bench/compare.js'
import type * as Measure from '../src/bench/measure.js'
import type * as PromptsModule from '../src/bench/prompts.js'
import type * as SeriesModule from '../src/bench/series.js'
import type {Sample, Test, Verdict} from '../src/bench/result.js'
import {importBuilt} from './engine/built.js'
import {cachedModel} from './model/write-model.js'
import {StepTarget} from './regression/step-target.js'

/**
 * Whether `wnn bench` finds a slow-down of 10 %, and none where there is none:
 * `node --import tsx bench/regression-trials.ts`. Needs a build. Each trial measures generation on three targets in one
 * run, in turn: the same engine plain, plain again, and with each token held up by a share of the time that it took. Then
 * both are judged against the first, as `--baseline` does.
 */
const {values: flags} = parseArgs({
  options: {
    model: {type: 'string', default: 'bench'},
    trials: {type: 'string', default: '20'},
    repetitions: {type: 'string', default: '20'},
    generate: {type: 'string', default: '16'},
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
const {measure} = await importBuilt<typeof Measure>('bench/measure.js')
const {Prompts} = await importBuilt<typeof PromptsModule>('bench/prompts.js')
const {seriesOf} = await importBuilt<typeof SeriesModule>('bench/series.js')
const {judge} = await importBuilt<typeof Compare>('bench/compare.js')

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
console.log('| trial | plain again | | slowed down | |')
console.log('|---|---|---|---|---|')
const tally: Record<keyof typeof names, Verdict['verdict'][]> = {plain: [], again: [], slow: []}
for (let trial = 1; trial <= Number(flags.trials); trial++) {
  const judged = await runTrial(trial)
  tally.again.push(judged[0].verdict)
  tally.slow.push(judged[1].verdict)
  const cells = judged.flatMap(({change, verdict}) => [`${(change * 100).toFixed(1)} %`, verdict])
  console.log(`| ${trial} | ${cells.join(' | ')} |`)
}
const count = (verdicts: readonly string[], what: string): number => verdicts.filter((one) => one === what).length
const [found, false_] = [count(tally.slow, 'worse'), count(tally.again, 'worse')]
console.log(
  `\nslowed down: ${found} of ${tally.slow.length} found worse; plain again: ${false_} of ${tally.again.length}`,
)
process.exitCode = found === tally.slow.length && false_ === 0 ? 0 : 1

async function runTrial(trial: number): Promise<[Judged, Judged]> {
  const measured = targets.map((target) => ({target, prompts}))
  const samples: Sample[] = []
  const options = {repetitions: Number(flags.repetitions), warmup: 1, seed: trial, signal, now: () => performance.now()}
  for await (const sample of measure(measured, [test], options)) samples.push(sample)
  const bootstrap = {confidence: 0.95, resamples: 2000, seed: trial}
  const series = seriesOf(samples, [test], targets.map(({subject}) => subject), bootstrap) // prettier-ignore
  const of = (name: string) => {
    const found = series.find(({subject, metric}) => subject === name && metric === 'tg')
    if (found === undefined) throw new Error(`${name} has no tg`)
    return found
  }
  const against = (name: string): Judged => judge(of(names.plain), of(name), Number(flags.limit), bootstrap)
  return [against(names.again), against(names.slow)]
}

type Judged = ReturnType<typeof judge>
