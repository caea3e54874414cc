import {markup, type Markup} from '../markup.js'

/** Room of one row: its words above, its marks below them. */
export const rowHeight = 40

/** Words above the marks of a row, what it is and how much. */
export function rowWords(
  y: number,
  [left, right]: readonly [number, number],
  name: string,
  value: Markup | string,
): Markup {
  return markup`<text class="name" x="${left}" y="${y + 13}">${shortened(name, 34)}<title>${name}</title></text><text class="value" x="${right}" y="${y + 13}" text-anchor="end">${value}</text>`
}

/** Names of settings differ at their ends, so it is the middle that goes. */
function shortened(text: string, most: number): string {
  const letters = [...new Intl.Segmenter('en').segment(text)].map(({segment}) => segment)
  if (letters.length <= most) return text
  const half = (most - 1) / 2
  return `${letters.slice(0, Math.ceil(half)).join('')}…${letters.slice(-Math.floor(half)).join('')}`
}
