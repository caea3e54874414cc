import {interval} from '../metrics.js'
import type {BenchResult, RequestSample, Test} from '../result.js'
import type {Distribution} from './charts/quantiles.js'

/** A latency whose single values are in the raw samples. */
interface Latency {
  /** Drawn if a test has this metric. */
  metric: string
  title: string
  of: (requests: readonly RequestSample[]) => number[]
  /** Whether to use the metric of each repetition if the raw samples were not kept. */
  hasStandIn: boolean
}

const latencies: readonly Latency[] = [
  {metric: 'ttft', title: 'time to first token', hasStandIn: true, of: (requests) => requests.map(ttft)},
  {
    ...{metric: 'itl', title: 'inter-token latency, mean of each answer', hasStandIn: true},
    of: (requests) => requests.flatMap((request) => interval(request) ?? []),
  },
  {
    ...{metric: 'gap_p95', title: 'gaps between pieces of text', hasStandIn: false},
    of: (requests) => requests.flatMap(({gaps_ms}) => gaps_ms),
  },
  {
    ...{metric: 'itl_p95', title: 'gaps between pieces of text', hasStandIn: false},
    of: (requests) => requests.flatMap(({gaps_ms}) => gaps_ms),
  },
  {
    ...{metric: 'ttft_fresh', title: 'first token of a new prompt', hasStandIn: true},
    of: (requests) => requests.slice(0, 1).map(ttft),
  },
  {
    ...{metric: 'ttft_cached', title: 'first token of the same prompt again', hasStandIn: true},
    of: (requests) => requests.slice(1, 2).map(ttft),
  },
]

export interface Spread {
  title: string
  /** False if each value is that of a repetition, because there are no requests. */
  isRaw: boolean
  distributions: Distribution[]
}

/** The latencies of a test, in milliseconds, a distribution for each subject that has values. */
export function spreadsOf({samples, series, subjects}: BenchResult, {name: test}: Test): Spread[] {
  const isRaw = samples.length > 0
  return latencies.flatMap(({metric, title, of, hasStandIn}) => {
    const own = series.filter((one) => one.test === test && one.metric === metric)
    if (own.length === 0 || !(isRaw || hasStandIn)) return []
    const distributions = subjects.flatMap(({name}, look): Distribution[] => {
      const values = isRaw
        ? samples.filter((one) => one.test === test && one.subject === name).flatMap(({requests}) => of(requests))
        : (own.find(({subject}) => subject === name)?.values ?? [])
      return values.length === 0 ? [] : [{name, look, values}]
    })
    return distributions.length === 0 ? [] : [{title, isRaw, distributions}]
  })
}

function ttft({ttft_ms}: RequestSample): number {
  return ttft_ms
}
