import {extent} from 'd3-array'
import {quantileSorted} from 'simple-statistics'
import {figure} from '../../render/cells.js'
import {markup, type Markup} from '../markup.js'
import {axisBelow, axisLeft, type Box, type Chart} from './figure.js'
import {at, colourClass, dash, mark} from './marks.js'
import {linearScale, logScale, type Scale} from './scale.js'
import {plural} from '../../../terminal/units.js'

/** Values of one subject, at least one. */
export interface Distribution {
  name: string
  look: number
  values: readonly number[]
}

const [width, height] = [420, 250]
const box: Box = {left: 50, right: 404, top: 30, bottom: 206}
const marked = [0.5, 0.95] as const

/** Maximum points of a curve; more values are drawn as evenly spaced quantiles. */
export const mostPoints = 201

/** The axis is logarithmic if the largest value is this many times the smallest. */
const wide = 50

/**
 * The share of values up to each time. A curve goes through all values, and between them as the interpolated quantiles of the
 * tables do (type 7): the marked ones lie on it.
 */
export function quantileChart(caption: Markup, title: string, unit: string, all: readonly Distribution[]): Chart {
  const sorted = all.map((one) => ({...one, values: one.values.toSorted((a, b) => a - b)}))
  const [least = 0, most = 0] = extent(sorted.flatMap(({values}) => extent(values).map(Number)))
  const isWide = least > 0 && most / least >= wide
  const scale = {
    x: (isWide ? logScale : linearScale)([least, most], [box.left, box.right]),
    y: linearScale([0, 100], [box.bottom, box.top], {count: 4}),
  }
  return {
    ...{caption, title, width, height},
    description: sorted.map(describe(unit)).join(' '),
    body: markup`${axisLeft(scale.y, box, '% of values')}${axisBelow(scale.x, box, isWide ? `${unit}, logarithmic` : unit)}${sorted.map(drawn(scale, unit))}`,
  }
}

/** The sorted values, or quantiles of them that include the smallest and the largest. */
export function thinned(values: readonly number[], most: number): number[] {
  const sorted = values.toSorted((a, b) => a - b)
  return sharesOf(sorted.length, most).map((share) => quantileSorted(sorted, share))
}

/** Evenly from 0 to 1, one for each value or `most`. */
function sharesOf(count: number, most: number): number[] {
  const length = Math.min(count, most)
  return Array.from({length}, (_, index) => index / Math.max(1, length - 1))
}

function drawn(scale: {x: Scale; y: Scale}, unit: string): (one: Distribution) => Markup {
  return ({name, look, values}) => {
    const sorted = [...values]
    const x = (share: number): number => at(scale.x.place(quantileSorted(sorted, share)))
    const y = (share: number): number => at(scale.y.place(share * 100))
    const shares = [...new Set([...sharesOf(sorted.length, mostPoints), ...marked])].sort((a, b) => a - b)
    const path = shares.map((share, index) => `${index === 0 ? 'M' : 'L'}${x(share)} ${y(share)}`).join('')
    const marks = marked.map((share) =>
      mark(look, x(share), y(share), `${name}: p${share * 100} ${figure(quantileSorted(sorted, share))} ${unit}`),
    )
    return markup`<g><path class="line ${colourClass(look)}" stroke-dasharray="${dash(look)}" d="${path}"/>${marks}</g>`
  }
}

function describe(unit: string): (one: Distribution) => string {
  return ({name, values}) => {
    const [median, high] = marked.map((share) => figure(quantileSorted([...values], share)))
    return `${name}: p50 ${median ?? ''} ${unit}, p95 ${high ?? ''} ${unit}, ${plural(values.length, 'value')}.`
  }
}
