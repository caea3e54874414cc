import {percent} from '../../compare.js'
import type {Comparison, Verdict} from '../../result.js'
import {markup, type Markup} from '../markup.js'
import {axisBelow, type Box, type Chart} from './figure.js'
import {at} from './marks.js'
import {rowHeight, rowWords} from './rows.js'
import {changeScale, type Scale} from './scale.js'

const [width, left, right, top] = [420, 12, 408, 4]

/** A sign and a word each, so that nothing hangs on a colour. */
export const verdictSigns: Readonly<Record<Verdict['verdict'], string>> = {
  better: '▲ better',
  same: '= same',
  worse: '▼ worse',
  inconclusive: '? inconclusive',
}

/** A row a metric: the change with its interval, the limit as a band around 0. */
export function changeChart(
  caption: Markup,
  title: string,
  verdicts: readonly Verdict[],
  {max_regression: limit}: Pick<Comparison, 'max_regression'>,
): Chart {
  const bottom = top + verdicts.length * rowHeight + 4
  const box: Box = {left, right, top, bottom}
  const values = verdicts.flatMap(({change, ci_low, ci_high}) => [change, ci_low, ci_high])
  const scale = changeScale([...values, -limit, limit], [left + 8, right - 8])
  const x = (fraction: number): number => at(scale.place(fraction))
  const band = markup`<rect class="limit" x="${x(-limit)}" y="${top}" width="${at(x(limit) - x(-limit))}" height="${bottom - top}"/><path class="zero" d="M${x(0)} ${top}V${bottom}"/>`
  return {
    ...{caption, title, width, height: bottom + 42},
    description: verdicts.map(describe).join(' '),
    body: markup`${band}${axisBelow(scale, box, 'change by the ratio; to the right is better')}${verdicts.map((one, index) => row(one, top + index * rowHeight, scale))}`,
  }
}

function row(one: Verdict, y: number, scale: Scale): Markup {
  const {test, metric, change, ci_low, ci_high, verdict, reason} = one
  const middle = y + 27
  const x = (fraction: number): number => at(scale.place(fraction))
  const words = markup`${percent(change)} <tspan class="v-${verdict}">${verdictSigns[verdict]}</tspan>`
  return markup`${rowWords(y, [left, right], `${test} · ${metric}`, words)}<path class="change v-${verdict}" d="M${x(ci_low)} ${middle}H${x(ci_high)}M${x(ci_low)} ${middle - 5}v10M${x(ci_high)} ${middle - 5}v10"/><circle class="change v-${verdict}" cx="${x(change)}" cy="${middle}" r="4.5"><title>${reason}</title></circle>`
}

function describe({test, metric, change, ci_low, ci_high, verdict}: Verdict): string {
  return `${test}, ${metric}: ${percent(change)} (${percent(ci_low)} to ${percent(ci_high)}), ${verdict}.`
}
