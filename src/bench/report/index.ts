import type {BenchResult} from '../result.js'
import {markup} from './markup.js'
import {page} from './page.js'
import {aboutSection} from './sections/about.js'
import {allFiguresSection} from './sections/all-figures.js'
import {baselineSection} from './sections/baseline.js'
import {figuresSections} from './sections/figures.js'
import {historySection} from './sections/history.js'
import {latencySection} from './sections/latency.js'
import type {Section} from './sections/section.js'
import {summary} from './sections/summary.js'

/**
 * One self-contained HTML page: no scripts, fonts or external addresses. Takes at least one result, the oldest first.
 * The last one is shown in full, after the trend of each metric.
 */
export function renderReport(results: readonly BenchResult[]): string {
  const last = results.at(-1)
  if (last === undefined) throw new RangeError('A report needs at least one result.')
  const sections: (Section | undefined)[] = [
    results.length > 1 ? historySection(results) : undefined,
    baselineSection(last),
    ...figuresSections(last),
    latencySection(last),
    allFiguresSection(last),
    aboutSection(last),
  ]
  const title = `wnn bench: ${last.subjects.map(({name}) => name).join(', ')}`
  return page({
    title,
    header: summary(last, results.length),
    sections: sections.filter((section) => section !== undefined),
    footer: markup`Measured with wnn ${last.versions.wnn}. Its docs/reference/bench.md defines each metric and the intervals.`,
  })
}
