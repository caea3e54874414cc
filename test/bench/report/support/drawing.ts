import type {Chart} from '../../../../src/bench/report/charts/figure.js'

export interface Place {
  x: number
  y: number
}

/** A drawing read back: marks as the values that its own axes say they are at. */
export interface Drawing {
  marks: (Place & {text: string})[]
  /** Points of each line, without the marks. */
  lines: Place[][]
}

export type Curve = 'linear' | 'logarithmic'

/** Reads the axes from what is written along them, and the marks by them. A drawing without an axis at the left keeps its y. */
export function readDrawing({body: {text}}: Chart, x: Curve = 'linear', y: Curve = 'linear'): Drawing {
  const across = axisOf(text, /class="tick-x" x="([\d.]+)"[^>]*>([^<]*)</g, x)
  const up = axisOf(text, /class="tick-y" x="[\d.]+" y="([\d.]+)"[^>]*>([^<]*)</g, y)
  const at = (first = '', second = ''): Place => ({x: across(Number(first)), y: up(Number(second))})
  return {
    marks: [
      ...matches(text, /class="mark [^"]*" d="M([\d.]+) ([\d.]+)m[^"]*"><title>([^<]*)</g),
      ...matches(text, /class="(?:dot|change) [^"]*" cx="([\d.]+)" cy="([\d.]+)"[^>]*>(?:<title>([^<]*)<)?/g),
    ].map(([, first, second, words = '']) => ({...at(first, second), text: words})),
    lines: matches(text, /class="line [^"]*" stroke-dasharray="[^"]*" d="M([^"]*)"/g).map(([, path = '']) =>
      path.split(/[ML]/).map((pair) => at(...(pair.split(' ') as [string, string]))),
    ),
  }
}

/** The value at a place, from the first and the last tick. */
function axisOf(text: string, ticks: RegExp, curve: Curve): (place: number) => number {
  const read = matches(text, ticks).map(([, place, label = '']) => ({
    place: Number(place),
    value: Number(label.replaceAll(',', '').replace(/ %$/, '')),
  }))
  const [first, last] = [read[0], read.at(-1)]
  if (first === undefined || last === undefined || first === last) return (place) => place
  const share = (place: number): number => (place - first.place) / (last.place - first.place)
  return curve === 'linear'
    ? (place) => first.value + share(place) * (last.value - first.value)
    : (place) => first.value * (last.value / first.value) ** share(place)
}

function matches(text: string, pattern: RegExp): RegExpExecArray[] {
  return [...text.matchAll(pattern)]
}
