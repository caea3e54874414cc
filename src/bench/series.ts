import {metrics, type MetricName} from './metrics.js'
import type {Sample, Series, Subject, Test} from './result.js'
import {summarize, type Bootstrap} from './statistics.js'

/** The samples by subject, test and metric, in the order of the tests and of the table of metrics. */
export function seriesOf(
  samples: readonly Sample[],
  tests: readonly Pick<Test, 'name'>[],
  subjects: readonly Pick<Subject, 'name'>[],
  bootstrap: Bootstrap,
): Series[] {
  return tests.flatMap(({name: test}) =>
    subjects.flatMap(({name: subject}) => {
      const own = samples.filter((sample) => sample.test === test && sample.subject === subject)
      return (Object.keys(metrics) as MetricName[]).flatMap((metric) => {
        const values = own.flatMap((sample) => sample.metrics[metric] ?? [])
        if (values.length === 0) return []
        const {unit, better} = metrics[metric]
        return [{subject, test, metric, unit, better, values, summary: summarize(values, bootstrap)}]
      })
    }),
  )
}
