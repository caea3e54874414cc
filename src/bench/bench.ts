import {NnError} from '../backend/errors.js'
import type {Output} from '../chat/style.js'
import {compareResults, compareWithFirst} from './compare.js'
import {appendHistory, writeResult, type OutputFile} from './files.js'
import {busyWarning, describeMachine, loadAverage} from './machine.js'
import {openTargets, type Wanted} from './open-targets.js'
import {Progress} from './progress.js'
import type {BenchResult, Test} from './result.js'
import {bootstrapOf, runBench, type RunOptions, type RunOutcome} from './run.js'
import {mayHaveGpu} from './targets/may-have-gpu.js'
import type {Target} from './target.js'
import {baselineWarnings, comparisonWarnings, gpuWarnings} from './warnings.js'

export interface BenchOptions extends Pick<
  RunOptions,
  'command' | 'versions' | 'repetitions' | 'warmup' | 'seed' | 'signal'
> {
  wanted: Wanted
  tests: readonly Test[]
  /** An earlier result to compare with; absent: none. */
  baseline: {file: string; result: BenchResult} | undefined
  /** Judge every other subject by the first. */
  againstFirst: boolean
  /** What may be lost without being worse, as a fraction. */
  limit: number
  outputs: readonly OutputFile[]
  /** Folder to append the run to. */
  history: string | undefined
  progress: Output
}

/**
 * Measures, compares with the baseline and writes the files, also of a run that was cut short: its result is marked. Only a
 * complete run goes into the history.
 *
 * @throws what opening the targets fails with, before anything was measured
 */
export async function bench(options: BenchOptions): Promise<RunOutcome> {
  const {outputs, history} = options
  const loadBefore = loadAverage()
  const outcome = await measured(options, loadBefore)
  const {result} = outcome
  const busy = busyWarning(loadBefore, describeMachine().cores)
  result.warnings.unshift(...(busy === undefined ? [] : [busy]), ...gpuWarnings(result.subjects, mayHaveGpu()))
  compare(result, options)
  result.warnings.push(...comparisonWarnings(result))
  // Nothing is no result, and must not take the place of one.
  if (result.samples.length === 0) return outcome
  const written = await Promise.allSettled([
    ...outputs.map((output) => writeResult(result, output)),
    ...(history !== undefined && result.complete ? [appendHistory(result, history)] : []),
  ])
  const lost = written.flatMap((one) => (one.status === 'rejected' ? [one.reason as Error] : []))
  // What was measured is still to be shown.
  return {...outcome, failure: outcome.failure ?? lost[0]}
}

async function measured(options: BenchOptions, loadBefore: number): Promise<RunOutcome> {
  const {wanted, tests, repetitions, warmup, signal, progress} = options
  await using open = await openTargets(wanted, tests, {signal, progress})
  if (options.againstFirst && open.targets.length < 2) {
    throw new NnError('invalid_argument', '--against-first needs at least two models or servers.', {
      hint: 'Name another file, --url, or values with --compare.',
    })
  }
  const amount = {tests: tests.length, subjects: open.targets.length, repetitions, warmup}
  if (options.baseline !== undefined) checkComparable(options.baseline, open.targets, tests)
  using shown = new Progress(progress, amount)
  return await runBench(open.targets, tests, {...options, loadBefore, onStep: (step) => shown.step(step)})
}

/** @throws `invalid_argument` when the baseline has nothing of what is to be measured: nothing would ever be worse */
function checkComparable(
  {file, result: before}: NonNullable<BenchOptions['baseline']>,
  targets: readonly Target[],
  tests: readonly Test[],
): void {
  const isLone = before.subjects.length === 1 && targets.length === 1
  const isMeasured = ({subject, test}: BenchResult['series'][number]): boolean =>
    tests.some(({name}) => name === test) && (isLone || targets.some((target) => target.subject.name === subject))
  if (before.series.some(isMeasured)) return
  const [subjects, names] = [before.subjects, before.tests].map((all) => all.map(({name}) => name).join(', '))
  throw new NnError('invalid_argument', `${file} has nothing to compare with: it has ${names} of ${subjects}.`, {
    hint: 'Measure the same tests, as by the same -p, -n, -d and --concurrency, on models of the same names.',
  })
}

function compare(result: BenchResult, {baseline, againstFirst, limit, seed}: BenchOptions): void {
  if (againstFirst) result.comparison = compareWithFirst(result, limit, bootstrapOf(seed))
  if (baseline === undefined) return
  const {file, result: before} = baseline
  result.comparison = compareResults(before, result, {file, limit, bootstrap: bootstrapOf(seed)})
  result.warnings.push(...baselineWarnings(before, result))
}
