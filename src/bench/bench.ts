import {NnError} from '../errors.js'
import type {Output} from '../terminal/style.js'
import {checkComparable, compareResults, compareWithFirst} from './compare.js'
import {appendHistory, writeResult, type OutputFile} from './files.js'
import {busyWarning, describeMachine, loadAverage} from './machine.js'
import {openTargets, type Wanted} from './open-targets.js'
import {Progress} from './progress.js'
import type {BenchResult, Test} from './result.js'
import {bootstrapOf, runBench, type RunOptions, type RunOutcome} from './run.js'
import {mayHaveGpu} from './targets/may-have-gpu.js'
import {baselineWarnings, comparisonWarnings, gpuWarnings} from './warnings.js'

export interface BenchOptions extends Pick<
  RunOptions,
  'command' | 'versions' | 'repetitions' | 'warmup' | 'seed' | 'signal'
> {
  wanted: Wanted
  tests: readonly Test[]
  /** An earlier result to compare with. */
  baseline: {file: string; result: BenchResult} | undefined
  /** Compare every other subject with the first one. */
  againstFirst: boolean
  /** Allowed regression, as a fraction. */
  limit: number
  outputs: readonly OutputFile[]
  /** Folder to append the run to. */
  history: string | undefined
  progress: Output
}

/**
 * Measures, compares with the baseline and writes the files. An interrupted run also gets a result, which is marked.
 * Only a complete run goes into the history.
 *
 * @throws errors of opening the targets, before anything is measured
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
  // Without samples there is no result, and an existing one must not be replaced.
  if (result.samples.length === 0) return outcome
  const written = await Promise.allSettled([
    ...outputs.map((output) => writeResult(result, output)),
    ...(history !== undefined && result.complete ? [appendHistory(result, history)] : []),
  ])
  const lost = written.flatMap((one) => (one.status === 'rejected' ? [one.reason as Error] : []))
  // The measured part is still shown, and all failures are reported.
  const failure = outcome.failure ?? lost[0]
  result.warnings.push(...lost.flatMap((error) => (error === failure ? [] : [error.message])))
  return {...outcome, failure}
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
  const subjects = open.targets.map(({subject}) => subject)
  if (options.baseline !== undefined) checkComparable(options.baseline.result, {subjects, tests}, options.baseline.file)
  using shown = new Progress(progress, amount)
  return await runBench(open.targets, tests, {...options, loadBefore, onStep: (step) => shown.step(step)})
}

function compare(result: BenchResult, {baseline, againstFirst, limit, seed}: BenchOptions): void {
  if (againstFirst) result.comparison = compareWithFirst(result, limit, bootstrapOf(seed))
  if (baseline === undefined) return
  const {file, result: before} = baseline
  result.comparison = compareResults(before, result, {file, limit, bootstrap: bootstrapOf(seed)})
  result.warnings.push(...baselineWarnings(before, result))
}
