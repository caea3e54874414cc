import {metricsOf, type MetricValues} from './metrics.js'
import type {Prompts} from './prompts.js'
import type {RequestSample, Sample, Test} from './result.js'
import type {Target} from './target.js'
import {measureTraffic} from './traffic/measure-traffic.js'

/** A target with prompts of its vocabulary. */
export interface Measured {
  target: Target
  prompts: Prompts
}

export interface MeasureOptions {
  repetitions: number
  /** Warm-up rounds, which are not kept. */
  warmup: number
  seed: number
  signal: AbortSignal
  /** Monotonic, in milliseconds. */
  now: () => number
  /** Called before each measurement; `repetition` is 0 during warm-up. */
  onStep?: (step: {test: Test; subject: string; repetition: number}) => void
}

/**
 * Measures every test on every target, one at a time: a round takes each target once, always in the same order (A B, A
 * B, …), so that changes of the machine's speed affect all of them. Reversing every second round would let a target
 * follow itself, with warm caches, and one target more often than the other.
 *
 * @throws errors of a target, and the signal's reason; the samples so far were passed on by then
 */
export async function* measure(
  measured: readonly Measured[],
  tests: readonly Test[],
  options: MeasureOptions,
): AsyncGenerator<Sample> {
  const {repetitions, warmup, signal, now, onStep} = options
  const startedAt = now()
  for (const [testIndex, test] of tests.entries()) {
    for (let round = 0; round < warmup + repetitions; round++) {
      for (const [index, one] of measured.entries()) {
        signal.throwIfAborted()
        const {target, prompts} = one
        const repetition = Math.max(0, round - warmup + 1)
        onStep?.({test, subject: target.subject.name, repetition})
        const at = now()
        const prompt = (tokens: number, stream: number): string =>
          prompts.make(tokens, seedOf(options.seed, index, testIndex, round, stream))
        const decodes = async (): Promise<Decodes> => (test.concurrency > 1 ? target.decodes?.() : undefined)
        const before = await decodes()
        const outcome =
          test.workload === 'traffic'
            ? await measureTraffic(target, test, {
                prompts,
                seed: seedOf(options.seed, testIndex, round),
                promptSeed: seedOf(options.seed, index),
                signal,
                now,
              })
            : await runTest(target, test, {prompt, signal, now})
        if (repetition === 0) continue
        const metrics = {...outcome.metrics, ...passesBetween(before, await decodes())}
        yield {subject: target.subject.name, test: test.name, repetition, at_ms: at - startedAt, ...outcome, metrics}
      }
    }
  }
}

type Decodes = Awaited<ReturnType<NonNullable<Target['decodes']>>> | undefined

/** Empty if there was no step, or the engine was restarted. */
function passesBetween(before: Decodes, after: Decodes): MetricValues {
  if (before === undefined || after === undefined || after.steps <= before.steps) return {}
  return {passes_per_step: (after.passes - before.passes) / (after.steps - before.steps)}
}

interface Means {
  /** A prompt of this many tokens, new in each repetition; a longer one of the same stream starts with it. */
  prompt: (tokens: number, stream: number) => string
  signal: AbortSignal
  now: () => number
}

interface TestOutcome {
  metrics: MetricValues
  requests: RequestSample[]
}

async function runTest(target: Target, test: Test, means: Means): Promise<TestOutcome> {
  const {signal} = means
  switch (test.workload) {
    case 'load':
      if (target.reload === undefined) throw new Error(`wnn bench cannot load ${target.subject.name}.`)
      return {metrics: {load: await target.reload(signal)}, requests: []}
    case 'switch': {
      if (target.switchModel === undefined) throw new Error(`wnn bench cannot switch ${target.subject.name}.`)
      const {totalMs, downtimeMs} = await target.switchModel(signal)
      return {metrics: {switch: totalMs, downtime: downtimeMs}, requests: []}
    }
    case 'traffic':
      throw new Error(`${test.name} is measured as traffic.`)
    case 'prefix':
      return withMetrics(test, [...(await ask(target, test, means)), ...(await ask(target, test, means))])
    case 'pp':
    case 'tg':
    case 'concurrency':
      await fillCaches(target, test, means)
      return withMetrics(test, await ask(target, test, means))
  }
}

function withMetrics(test: Test, requests: RequestSample[]): TestOutcome {
  return {metrics: metricsOf(test, requests), requests}
}

/** Evaluates the common start of the streams' prompts, so that the depth is in the cache. */
async function fillCaches(target: Target, {depth, concurrency}: Test, {prompt, signal}: Means): Promise<void> {
  if (depth === 0) return
  for (let stream = 0; stream < concurrency; stream++) {
    await target.complete({prompt: prompt(depth, stream), maxTokens: 1, signal})
  }
}

/** All streams at the same time. */
async function ask(target: Target, test: Test, {prompt, signal, now}: Means): Promise<RequestSample[]> {
  const {prompt_tokens, generate_tokens: maxTokens, depth, concurrency} = test
  const texts = Array.from({length: concurrency}, (_, stream) => prompt(depth + prompt_tokens, stream))
  const startedAt = now()
  // A failure aborts the other streams, and all of them are awaited.
  const failure = new AbortController()
  const all = AbortSignal.any([signal, failure.signal])
  const streams = texts.map(async (text) => {
    const start_ms = now() - startedAt
    try {
      return {start_ms, ...(await target.complete({prompt: text, maxTokens, signal: all}))}
    } catch (error) {
      failure.abort(error)
      throw error
    }
  })
  await Promise.allSettled(streams)
  signal.throwIfAborted()
  if (failure.signal.aborted) throw failure.signal.reason
  return Promise.all(streams)
}

/** Depends on each part; any 32-bit mix would do. */
function seedOf(...parts: readonly number[]): number {
  return parts.reduce((hash, part) => Math.imul(hash ^ (part + 0x9e37_79b9), 0x0100_0193) >>> 0, 0x811c_9dc5)
}
