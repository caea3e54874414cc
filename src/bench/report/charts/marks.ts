import {markup, type Markup} from '../markup.js'

/** Number of colours in `style.ts`; with the shapes there are 30 combinations, which also differ without colour. */
const colours = 6
const shapes = [
  'm-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0z',
  'm-3.6-3.6h7.2v7.2h-7.2z',
  'm0-4.8l4.4 7.6h-8.8z',
  'm0-5l5 5-5 5-5-5z',
  'm0 4.8l4.4-7.6h-8.8z',
]
const dashes = ['none', '7 3', '2 3', '9 3 2 3']

/** Class for the colour of the subject at that place. */
export function colourClass(index: number): string {
  return `c${index % colours}`
}

export function dash(index: number): string {
  return dashes[index % dashes.length] ?? 'none'
}

/** A mark whose path starts at its centre, with a tooltip. */
export function mark(index: number, x: number, y: number, text: string): Markup {
  const shape = shapes[index % shapes.length] ?? ''
  return markup`<path class="mark ${colourClass(index)}" d="M${at(x)} ${at(y)}${shape}"><title>${text}</title></path>`
}

/** Coordinates to a hundredth of a unit, which is less than a pixel. */
export function at(value: number): number {
  return Math.round(value * 100) / 100
}

/** The legend of the marks; empty if there is only one. */
export function legend(names: readonly string[]): Markup | undefined {
  if (names.length < 2) return undefined
  const items = names.map(
    (name, index) =>
      markup`<li><svg viewBox="0 0 34 12" width="34" height="12" aria-hidden="true"><path class="line ${colourClass(index)}" stroke-dasharray="${dash(index)}" d="M0 6H34"/>${mark(index, 17, 6, name)}</svg> ${name}</li>`,
  )
  return markup`<ul class="legend">${items}</ul>`
}
