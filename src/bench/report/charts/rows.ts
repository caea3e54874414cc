import {markup, type Markup} from '../markup.js'

/** Room of one row: its words above, its marks below them. */
export const rowHeight = 40

/** Text above the marks of a row: name and value. */
export function rowWords(
  y: number,
  [left, right]: readonly [number, number],
  name: string,
  value: Markup | string,
): Markup {
  return markup`<text class="name" x="${left}" y="${y + 13}">${shortened(name, 34)}<title>${name}</title></text><text class="value" x="${right}" y="${y + 13}" text-anchor="end">${value}</text>`
}

/** Names with settings differ at their ends, so the middle is shortened. */
function shortened(text: string, most: number): string {
  const letters = [...new Intl.Segmenter('en').segment(text)].map(({segment}) => segment)
  if (letters.length <= most) return text
  const half = (most - 1) / 2
  return `${letters.slice(0, Math.ceil(half)).join('')}…${letters.slice(-Math.floor(half)).join('')}`
}
