import {toNnError} from '../errors.js'
import {describeMachine, loadAverage} from './machine.js'
import {measure, type Measured, type MeasureOptions} from './measure.js'
import {Prompts} from './prompts.js'
import type {BenchResult, Sample, Test} from './result.js'
import {seriesOf} from './series.js'
import type {Bootstrap} from './statistics.js'
import type {Target} from './target.js'
import {sampleWarnings} from './warnings.js'

export interface RunOptions extends Omit<MeasureOptions, 'now'> {
  command: readonly string[]
  versions: Omit<BenchResult['versions'], 'llama_cpp'>
  /** Load average before anything was loaded. */
  loadBefore: number
  /** Monotonic, in milliseconds. */
  now?: () => number
}

/** A result, and why it is not complete. */
export interface RunOutcome {
  result: BenchResult
  /** Why the run ended early: the signal's reason, or an error of a target. */
  failure: Error | undefined
}

/** Settings of all intervals; the seed makes them reproducible. */
export function bootstrapOf(seed: number): Bootstrap {
  return {confidence: 0.95, resamples: 2000, seed}
}

/** Measures all tests on all targets. After a failure, the result has the measurements so far. */
export async function runBench(
  targets: readonly Target[],
  tests: readonly Test[],
  options: RunOptions,
): Promise<RunOutcome> {
  const {command, versions, repetitions, warmup, seed, signal, now = () => performance.now()} = options
  const date = new Date().toISOString()
  const startedAt = now()
  const samples: Sample[] = []
  let failure: Error | undefined
  try {
    const measured: Measured[] = []
    for (const target of targets) {
      const prompts = await Prompts.forTokenizer((text) => target.countTokens(text, signal))
      measured.push({target, prompts})
    }
    for await (const sample of measure(measured, tests, {...options, now})) samples.push(sample)
  } catch (error) {
    failure = error instanceof Error ? error : toNnError(error)
  }
  const subjects = targets.map(({subject}) => subject)
  const bootstrap = bootstrapOf(seed)
  const result: BenchResult = {
    ...{format: 'wnn-bench-1', date, duration_ms: now() - startedAt},
    ...{complete: failure === undefined, incomplete_reason: failure === undefined ? null : failure.message},
    command: [...command],
    versions: {...versions, llama_cpp: subjects.find(({engine}) => engine !== null)?.engine?.llama_build ?? null},
    machine: {...describeMachine(), load_before: options.loadBefore, load_after: loadAverage()},
    settings: {repetitions, warmup, seed, confidence: bootstrap.confidence, resamples: bootstrap.resamples},
    ...{subjects, tests: [...tests], series: seriesOf(samples, tests, subjects, bootstrap), samples},
    ...{warnings: sampleWarnings(samples, tests), comparison: null},
  }
  return {result, failure}
}
