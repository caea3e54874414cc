import {figure, withInterval} from '../../render/cells.js'
import type {Series} from '../../result.js'
import {markup, type Markup} from '../markup.js'
import {unitLabel} from '../names.js'
import {axisBelow, type Box, type Chart} from './figure.js'
import {at, colourClass, mark} from './marks.js'
import {thinned} from './quantiles.js'
import {rowHeight, rowWords} from './rows.js'
import {linearScale, type Scale} from './scale.js'

/** One subject's values of a metric. */
export interface Strip {
  look: number
  series: Series
}

const width = 420
const [left, right, top] = [12, 408, 4]

/** Maximum dots of a row. */
export const mostDots = 101

/** One row per subject: every repetition as a dot, the interval as a bar, the median as a mark. */
export function stripChart(caption: Markup, title: string, strips: readonly Strip[]): Chart {
  const bottom = top + strips.length * rowHeight + 4
  const box: Box = {left, right, top, bottom}
  const values = strips.flatMap(({series: {values: all, summary}}) => [...all, summary.ci_low, summary.ci_high])
  const scale = linearScale(values, [left + 8, right - 8])
  const unit = unitLabel(strips[0]?.series.unit ?? 'x')
  const rows = strips.map((strip, index) => row(strip, top + index * rowHeight, scale))
  return {
    ...{caption, title, width, height: bottom + 42},
    description: strips
      .map(({series}) => `${series.subject}: ${withInterval(series)} ${unit}, n ${series.summary.n}.`)
      .join(' '),
    body: markup`${axisBelow(scale, box, unit)}${rows}`,
  }
}

function row({look, series}: Strip, y: number, scale: Scale): Markup {
  const {subject, summary, values} = series
  const unit = unitLabel(series.unit)
  const middle = y + 28
  const x = (value: number): number => at(scale.place(value))
  const dots = thinned(values, mostDots).map(
    (value) => markup`<circle class="dot ${colourClass(look)}" cx="${x(value)}" cy="${middle}" r="3"/>`,
  )
  const interval =
    summary.n > 1
      ? markup`<path class="band ${colourClass(look)}" d="M${x(summary.ci_low)} ${middle}H${x(summary.ci_high)}"/>`
      : undefined
  const words = summary.n > 1 ? withInterval(series) : `${figure(summary.median)} (n = 1)`
  return markup`${rowWords(y, [left, right], subject, words)}${interval}${dots}${mark(look, x(summary.median), middle, `${subject}: median ${figure(summary.median)} ${unit}`)}`
}
