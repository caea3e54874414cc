import {range} from 'd3-array'
import {shownChange} from '../../change.js'
import {betterOf} from '../../metrics.js'
import type {Comparison, Verdict} from '../../result.js'
import {markup, type Markup} from '../markup.js'
import {axisBelow, type Chart} from './figure.js'
import {at} from './marks.js'
import {rowHeight, rowWords} from './rows.js'
import {changeScale, type Scale} from './scale.js'

const [width, left, right, top] = [420, 12, 408, 4]

/** A sign and a word each, so that no information depends on colour. */
export const verdictSigns: Readonly<Record<Verdict['verdict'], string>> = {
  better: '▲ better',
  same: '= same',
  worse: '▼ worse',
  inconclusive: '? inconclusive',
}

/** Maximum rows of one chart: a taller one would not fit on paper. */
const mostRows = 16

/**
 * The changes of one subject on one scale, one row per metric: the change with its interval, and the limit as a band
 * around 0.
 */
export function changeCharts(
  subject: string,
  verdicts: readonly Verdict[],
  {max_regression: limit}: Comparison,
): Chart[] {
  const values = verdicts.flatMap(({change, ci_low, ci_high}) => [change, ci_low, ci_high])
  const scale = changeScale([...values, -limit, limit], [left + 8, right - 8])
  const starts = range(0, verdicts.length, mostRows)
  return starts.map((start) => {
    const shown = verdicts.slice(start, start + mostRows)
    const bottom = top + shown.length * rowHeight + 4
    const part = starts.length === 1 ? '' : ` (${start / mostRows + 1} of ${starts.length})`
    return {
      caption: markup`<b>${subject}</b> change to the baseline${part}`,
      title: `${subject} against the baseline${part}`,
      description: shown.map(describe).join(' '),
      ...{width, height: bottom + 42},
      body: markup`${axisBelow(scale, {left, right, top, bottom}, 'ratio to the baseline; to the right is better')}${shown.map((one, index) => row(one, top + index * rowHeight, scale, limit))}`,
    }
  })
}

function row(one: Verdict, y: number, scale: Scale, limit: number): Markup {
  const {test, metric, change, ci_low, ci_high, verdict, reason} = one
  const middle = y + 27
  const x = (fraction: number): number => at(scale.place(fraction))
  const words = markup`${shownChange(one, betterOf(metric)).change} <tspan class="v-${verdict}">${verdictSigns[verdict]}</tspan>`
  const band = markup`<rect class="limit" x="${x(-limit)}" y="${middle - 9}" width="${at(x(limit) - x(-limit))}" height="18"/><path class="zero" d="M${x(0)} ${middle - 9}v18"/>`
  return markup`${band}${rowWords(y, [left, right], `${test} · ${metric}`, words)}<path class="change v-${verdict}" d="M${x(ci_low)} ${middle}H${x(ci_high)}M${x(ci_low)} ${middle - 5}v10M${x(ci_high)} ${middle - 5}v10"/><circle class="change v-${verdict}" cx="${x(change)}" cy="${middle}" r="4.5"><title>${reason}</title></circle>`
}

function describe(one: Verdict): string {
  const {test, metric, verdict} = one
  const {change, interval} = shownChange(one, betterOf(metric))
  return `${test}, ${metric}: ${change} (${interval}), ${verdict}.`
}
