import {figure} from '../../render/cells.js'
import {markup, type Markup} from '../markup.js'
import {axisBelow, axisLeft, type Box, type Chart} from './figure.js'
import {at, colourClass, dash, mark} from './marks.js'
import {linearScale, type Scale, type Span} from './scale.js'
import {plural} from '../../../terminal/units.js'

export interface Point {
  x: number
  y: number
  /** Of the interval around y. */
  low: number
  high: number
  /** The meaning of x. */
  where: string
}

export interface Line {
  name: string
  /** Index of its colour and mark: the position of its subject. */
  look: number
  /** One point per x, in order; a missing value breaks the line. */
  points: readonly (Point | undefined)[]
}

export interface LineChart {
  caption: Markup
  title: string
  unit: string
  lines: readonly Line[]
  x: {title: string; scale: (span: Span) => Scale}
  fromZero: boolean
}

const [width, height] = [420, 250]
const box: Box = {left: 62, right: 404, top: 30, bottom: 206}

/** Lines with the interval of each point. */
export function lineChart({caption, title, unit, lines, x, fromZero}: LineChart): Chart {
  const scale = {
    x: x.scale([box.left + 12, box.right - 8]),
    y: linearScale(
      lines.flatMap(({points}) => points.flatMap(extremes)),
      [box.bottom, box.top],
      {fromZero},
    ),
  }
  return {
    ...{caption, title, width, height},
    description: lines.map(describe(unit)).join(' '),
    body: markup`${axisLeft(scale.y, box, unit)}${axisBelow(scale.x, box, x.title, false)}${lines.map(drawn(scale, unit))}`,
  }
}

function extremes(point: Point | undefined): number[] {
  return point === undefined ? [] : [point.y, point.low, point.high]
}

function drawn(scale: {x: Scale; y: Scale}, unit: string): (line: Line) => Markup {
  return ({name, look, points}) => {
    const x = (point: Point): number => at(scale.x.place(point.x))
    const y = (value: number): number => at(scale.y.place(value))
    const path = points
      .map((point, index) => {
        if (point === undefined) return ''
        return `${points[index - 1] === undefined ? 'M' : 'L'}${x(point)} ${y(point.y)}`
      })
      .join('')
    const present = points.filter((point) => point !== undefined)
    const bars = present
      .filter(({low, high}) => low < high)
      .map((point) => `M${x(point)} ${y(point.low)}V${y(point.high)}`)
      .join('')
    const marks = present.map((point) => mark(look, x(point), y(point.y), pointText(name, point, unit)))
    return markup`<g><path class="interval ${colourClass(look)}" d="${bars}"/><path class="line ${colourClass(look)}" stroke-dasharray="${dash(look)}" d="${path}"/>${marks}</g>`
  }
}

function pointText(name: string, {where, y, low, high}: Point, unit: string): string {
  return `${name}, ${where}: ${figure(y)} ${unit} (${figure(low)} to ${figure(high)})`
}

/** Description: all points of a short line, the ends and extremes of a long one. */
function describe(unit: string): (line: Line) => string {
  return ({name, points}) => {
    const present = points.filter((point) => point !== undefined)
    const told = present.length <= 8 ? present : [...present.slice(0, 1), ...present.slice(-1)]
    const values = present.map(({y}) => y)
    const range =
      told.length === present.length
        ? ''
        : `; from ${figure(Math.min(...values))} to ${figure(Math.max(...values))} in ${plural(present.length, 'point')}`
    return `${name}: ${told.map(({where, y}) => `${figure(y)} ${unit} at ${where}`).join(', ')}${range}.`
  }
}
