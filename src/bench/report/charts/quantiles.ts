import {extent} from 'd3-array'
import {quantileSorted} from 'simple-statistics'
import {figure} from '../../render/cells.js'
import {markup, type Markup} from '../markup.js'
import {axisBelow, axisLeft, type Box, type Chart} from './figure.js'
import {at, colourClass, dash, mark} from './marks.js'
import {linearScale, type Scale} from './scale.js'

/** Values of one subject, at least one. */
export interface Distribution {
  name: string
  look: number
  values: readonly number[]
}

const [width, height] = [420, 250]
const box: Box = {left: 50, right: 404, top: 30, bottom: 206}
const marked = [0.5, 0.95] as const

/** Points drawn of a curve at most; with more values they are quantiles at even distances. */
export const mostPoints = 201

/**
 * The share of values up to each time. A curve goes through all values, evenly spaced in between, as the interpolated quantiles
 * of the tables do (type 7): so the marked ones lie on it.
 */
export function quantileChart(caption: Markup, title: string, unit: string, all: readonly Distribution[]): Chart {
  const scale = {
    x: linearScale(
      extent(all.flatMap(({values}) => values)).map((value) => value ?? 0),
      [box.left, box.right],
    ),
    y: linearScale([0, 100], [box.bottom, box.top], {count: 4}),
  }
  return {
    ...{caption, title, width, height},
    description: all.map(describe(unit)).join(' '),
    body: markup`${axisLeft(scale.y, box, '% of values')}${axisBelow(scale.x, box, unit)}${all.map(drawn(scale, unit))}`,
  }
}

/** The values in order, or so many quantiles of them, the least and the most among them. */
export function thinned(values: readonly number[], most: number): number[] {
  const sorted = values.toSorted((a, b) => a - b)
  if (sorted.length <= most) return sorted
  return Array.from({length: most}, (_, index) => quantileSorted(sorted, index / (most - 1)))
}

function drawn(scale: {x: Scale; y: Scale}, unit: string): (one: Distribution) => Markup {
  return ({name, look, values}) => {
    const sorted = values.toSorted((a, b) => a - b)
    const points = thinned(values, mostPoints)
    const x = (value: number): number => at(scale.x.place(value))
    const y = (share: number): number => at(scale.y.place(share * 100))
    const path = points
      .map((value, index) => `${index === 0 ? 'M' : 'L'}${x(value)} ${y(index / Math.max(1, points.length - 1))}`)
      .join('')
    const marks = marked.map((share) => {
      const value = quantileSorted(sorted, share)
      return mark(look, x(value), y(share), `${name}: p${share * 100} ${figure(value)} ${unit}`)
    })
    return markup`<g><path class="line ${colourClass(look)}" stroke-dasharray="${dash(look)}" d="${path}"/>${marks}</g>`
  }
}

function describe(unit: string): (one: Distribution) => string {
  return ({name, values}) => {
    const sorted = values.toSorted((a, b) => a - b)
    const [median, high] = marked.map((share) => figure(quantileSorted(sorted, share)))
    return `${name}: p50 ${median ?? ''} ${unit}, p95 ${high ?? ''} ${unit}, ${values.length} values.`
  }
}
