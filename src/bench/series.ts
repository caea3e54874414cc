import {metrics, type MetricName} from './metrics.js'
import type {Ratio, Sample, Series, Subject, Test} from './result.js'
import {pairedRatio, summarize, type Bootstrap} from './statistics.js'

/** The samples by subject, test and metric, in the order of the tests and of the table of metrics. */
export function seriesOf(
  samples: readonly Sample[],
  tests: readonly Pick<Test, 'name'>[],
  subjects: readonly Pick<Subject, 'name'>[],
  bootstrap: Bootstrap,
): Series[] {
  return tests.flatMap(({name: test}) => {
    const of = ({name}: Pick<Subject, 'name'>): Sample[] =>
      samples.filter((sample) => sample.test === test && sample.subject === name)
    const first = subjects[0] === undefined ? [] : of(subjects[0])
    return subjects.flatMap((subject, column) => {
      const own = of(subject)
      return (Object.keys(metrics) as MetricName[]).flatMap((metric) => {
        const values = own.flatMap((sample) => sample.metrics[metric] ?? [])
        if (values.length === 0) return []
        const {unit, better} = metrics[metric]
        return [
          {
            ...{subject: subject.name, test, metric, unit, better, values, summary: summarize(values, bootstrap)},
            to_first: column === 0 ? null : ratioTo(first, own, metric, bootstrap),
          },
        ]
      })
    })
  })
}

/** `null` when no round has a value of both, or one of them is 0. */
function ratioTo(
  first: readonly Sample[],
  own: readonly Sample[],
  metric: MetricName,
  bootstrap: Bootstrap,
): Ratio | null {
  const base = new Map(first.map(({repetition, metrics: values}) => [repetition, values[metric]]))
  const pairs = own.flatMap(({repetition, metrics: values}) => {
    const [above, below] = [values[metric], base.get(repetition)]
    return above === undefined || below === undefined ? [] : [[above, below] as const]
  })
  if (pairs.length === 0 || pairs.some((pair) => Math.min(...pair) <= 0)) return null
  return {n: pairs.length, ...pairedRatio(pairs, bootstrap)}
}
