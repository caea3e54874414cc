import type {BenchResult} from '../../result.js'
import {spreadsOf} from '../distributions.js'
import {figures} from '../charts/figure.js'
import {legend} from '../charts/marks.js'
import {mostPoints, quantileChart} from '../charts/quantiles.js'
import {markup} from '../markup.js'
import type {Section} from './section.js'

/** Latency distributions, test by test; empty if none was measured. */
export function latencySection(result: BenchResult): Section | undefined {
  const found = result.tests.flatMap((test) => spreadsOf(result, test).map((spread) => ({test: test.name, ...spread})))
  if (found.length === 0) return undefined
  const charts = found.map(({test, title, distributions}) => {
    const most = Math.max(...distributions.map(({values}) => values.length))
    const caption = markup`<b>${test}</b> ${title}, ms\u00a0· <small>n ${most.toLocaleString('en-US')}${most > mostPoints ? `, drawn by ${mostPoints} quantiles` : undefined}</small>`
    return quantileChart(caption, `${title} of ${test}`, 'ms', distributions)
  })
  const source = found.every(({isRaw}) => isRaw)
    ? 'of each request, over all repetitions. A piece of text may have several tokens.'
    : 'of each repetition, because this result does not have the single requests.'
  return {
    id: 'latency',
    title: 'Latencies',
    body: markup`<p>The share of values up to a time, ${source} Marks are at p50 and p95. n is the largest number of values of a subject.</p>
${legend(result.subjects.map(({name}) => name))}${figures('latency', charts)}`,
  }
}
