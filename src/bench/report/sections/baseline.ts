import {percent, shownChange} from '../../change.js'
import {betterOf} from '../../metrics.js'
import {figure} from '../../render/cells.js'
import type {BenchResult, Comparison} from '../../result.js'
import {changeCharts, verdictSigns} from '../charts/changes.js'
import {figures} from '../charts/figure.js'
import {markup, type Markup} from '../markup.js'
import type {Section} from './section.js'
import {day} from './summary.js'
import {dataTable} from './table.js'

/** What is better and worse than before; nothing without a baseline. */
export function baselineSection({comparison, subjects}: BenchResult): Section | undefined {
  if (comparison === null) return undefined
  const {max_regression, verdicts, missing} = comparison
  const charts = subjects.flatMap(({name}) => {
    const own = verdicts.filter(({subject}) => subject === name)
    return changeCharts(name, own, comparison)
  })
  const lacks = missing.map((what) => markup`<li>${what}</li>`)
  return {
    id: 'baseline',
    title: 'Against the baseline',
    body: markup`<p>${basis(comparison)} as the value itself changed: a time that grows is worse. In the drawing, better is to the right. Lines are intervals; the band around 0 is the limit, ${percent(max_regression).slice(1).replace(' ', '\u00a0')}.</p>
${figures('baseline', charts)}
${verdicts.length === 0 ? undefined : verdictTable(comparison)}
${missing.length === 0 ? undefined : markup`<p>Only in one of the two results:</p><ul>${lacks}</ul>`}`,
  }
}

function basis({baseline, baseline_date: date}: Comparison): Markup {
  return date === null
    ? markup`The baseline is <code>${baseline}</code>, measured in turn with the others. A change is the median of the rounds’ ratios less 1,`
    : markup`The baseline is <code>${baseline}</code> of ${day(date)}. A change is the ratio of the medians less 1,`
}

const columns = [
  ...['subject', 'test', 'metric'].map((title) => ({title})),
  ...['baseline', 'n', 'now', 'n', 'change', 'interval'].map((title) => ({title, kind: 'number' as const})),
  {title: 'verdict'},
  {title: 'why', kind: 'sentence' as const},
]

function verdictTable({verdicts}: Comparison): ReturnType<typeof dataTable> {
  const rows = verdicts.map((one) => {
    const {subject, test, metric, baseline, current, verdict, reason} = one
    const {change, interval} = shownChange(one, betterOf(metric))
    return [
      ...[subject, test, metric, figure(baseline.median), baseline.n, figure(current.median), current.n],
      ...[change, interval],
      markup`<span class="verdict v-${verdict}">${verdictSigns[verdict]}</span>`,
      reason,
    ]
  })
  return dataTable('Medians against the baseline', columns, rows, 3)
}
