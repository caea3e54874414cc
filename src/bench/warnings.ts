import {fewestValues} from './compare.js'
import {interval, uncertainty} from './metrics.js'
import type {BenchResult, RequestSample, Sample, Subject, Test} from './result.js'
import {plural} from '../terminal/units.js'

/** Warnings about misleading figures. One sentence per kind, regardless of how often it occurred. */
export function sampleWarnings(samples: readonly Sample[], tests: readonly Test[]): string[] {
  const sizes = new Map(tests.map((test) => [test.name, test]))
  const seen = samples.flatMap(({subject, test: name, requests, failures = []}) => {
    const test = sizes.get(name)
    if (test === undefined) return []
    const [failure] = failures
    return [
      ...(failure === undefined ? [] : [`${plural(failures.length, 'request')} failed: ${failure}`]),
      ...requests.flatMap((request, index) =>
        test.workload === 'traffic' ? trafficOddities(request) : oddities(request, test, index),
      ),
    ].map((what) => `${subject}, ${name}: ${what}`)
  })
  return [...new Set(seen)]
}

const uncounted = 'the server does not count tokens. Each piece of text counts as one token, which may be too few.'

/** Lengths differ between requests. */
function trafficOddities(request: RequestSample): string[] {
  const {ended_early, counted} = request
  return [
    ...droppedMessages(request),
    ...(ended_early ? ['an answer has fewer tokens than requested; rates use the actual number.'] : []),
    ...(counted === 'pieces' ? [uncounted] : []),
  ]
}

function droppedMessages({dropped_messages: dropped}: RequestSample): string[] {
  if (dropped === undefined) return []
  return ['a conversation did not fit into the context, so its oldest messages were left out of prompts.']
}

function oddities(request: RequestSample, test: Test, index: number): string[] {
  const {prompt_tokens, generate_tokens, depth, workload} = test
  const wanted = depth + prompt_tokens
  const isAgain = workload === 'prefix' && index === 1
  const found = droppedMessages(request)
  if (request.prompt_tokens === null) {
    if (workload === 'pp') found.push('the server does not report the number of prompt tokens, so there is no pp.')
  } else if (request.prompt_tokens !== wanted) {
    found.push(
      `prompts had ${plural(request.prompt_tokens, 'token')} instead of ${wanted}; rates use the actual number.`,
    )
  }
  if (request.ended_early) {
    found.push(
      `an answer ended after ${request.generated_tokens} of ${plural(generate_tokens, 'token')}; rates use the actual number.`,
    )
  }
  if (request.counted === 'pieces') {
    found.push(uncounted)
  }
  if (request.cached_tokens === null) {
    if (workload === 'pp' && depth > 0)
      found.push('the server does not report cached tokens, so there is no pp. ttft is valid.')
  } else if (!isAgain && workload !== 'tg' && request.cached_tokens > depth + Math.max(8, 0.05 * prompt_tokens)) {
    found.push(`${plural(request.cached_tokens, 'token')} came from a cache; at most ${depth} should have.`)
  }
  if (request.cached_tokens !== null && depth > 0 && request.cached_tokens < 0.9 * depth) {
    found.push(
      `only ${request.cached_tokens} of the ${plural(depth, 'token')} of the depth came from the cache; the rest was evaluated again.`,
    )
  }
  if (request.generated_tokens > 1 && interval(request) === undefined) {
    found.push('the whole answer arrived at once, so there are no tg and itl.')
  }
  if ((workload === 'tg' || workload === 'concurrency') && uncertainty(request) > 0.02)
    found.push('several tokens arrive at a time and the answer is short, so tg and itl may be off by a few percent.')
  return found
}

/** A GPU that is not used, or not for all of the model. */
export function gpuWarnings(subjects: readonly Subject[], mayHaveGpu: boolean): string[] {
  return subjects.flatMap(({name, engine, kind}) => {
    if (engine === null || engine.gpu_layers === engine.layers) return []
    if (engine.gpu === null && (!mayHaveGpu || kind === 'daemon')) return []
    const where = engine.gpu === null ? 'llama.cpp found no GPU that it can use (docs/gpu.md)' : engine.gpu
    return [
      `${name}: ${engine.gpu_layers} of ${plural(engine.layers, 'layer')} ${engine.gpu_layers === 1 ? 'is' : 'are'} on the GPU: ${where}.`,
    ]
  })
}

/** A comparison with limited meaning. */
export function comparisonWarnings({comparison, settings}: Pick<BenchResult, 'comparison' | 'settings'>): string[] {
  if (comparison === null) return []
  const {verdicts, missing} = comparison
  return [
    ...(settings.repetitions < fewestValues
      ? [`There are no verdicts: they need ${fewestValues} repetitions, and -r is ${settings.repetitions}.`]
      : []),
    ...(missing.length > 0
      ? [
          `${plural(missing.length, 'metric')} ${missing.length === 1 ? 'is in one result only and was' : 'are in one result only and were'} not compared; ${verdicts.length} ${verdicts.length === 1 ? 'was' : 'were'} compared.`,
        ]
      : []),
  ]
}

/** Differences to the baseline besides the code. */
export function baselineWarnings(before: BenchResult, now: BenchResult): string[] {
  const differs = (what: string, old: string | number, fresh: string | number): string[] =>
    old === fresh ? [] : [`The baseline has another ${what}: ${old}, not ${fresh}.`]
  const models = now.subjects.flatMap(({name, model, settings}) => {
    const other = before.subjects.find((subject) => subject.name === name)
    if (other === undefined) return []
    return [
      ...differs(`model of ${name} (sha256)`, other.model?.sha256 ?? 'unknown', model?.sha256 ?? 'unknown'),
      ...differs(`configuration of ${name}`, JSON.stringify(other.settings), JSON.stringify(settings)),
    ]
  })
  return [
    ...differs('processor', before.machine.cpu, now.machine.cpu),
    ...differs('number of cores', before.machine.cores, now.machine.cores),
    ...models,
  ]
}
