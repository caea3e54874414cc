import {table} from './units.js'
import {textWidth} from './width.js'
import {wrapText} from './word-wrap.js'

/** With less room beside the titles, texts go below them. */
const leastRoom = 24

/** Titles and their texts. A text that is too long for the terminal goes on below its start. */
export function facts(rows: readonly (readonly [title: string, text: string])[], width = Infinity): string[] {
  const column = Math.max(0, ...rows.map(([title]) => textWidth(title))) + 2
  if (width - column < leastRoom) {
    return rows.flatMap(([title, text]) => [...(title === '' ? [] : [title]), ...indented(text, width, '  ')])
  }
  return rows.flatMap(([title, text]) => {
    const [first = '', ...others] = indented(text, width, ' '.repeat(column))
    const start = title + ' '.repeat(column - textWidth(title))
    return [(start + first.trimStart()).trimEnd(), ...others]
  })
}

/** A text between words, in lines with that indent. */
export function indented(text: string, width: number, indent: string): string[] {
  return wrapText(text, width - indent.length)
    .split('\n')
    .map((line) => (indent + line).trimEnd())
}

/** Short texts in a row, with dots between them. Lines are broken after a dot. */
export function flow(parts: readonly string[], width: number): string[] {
  const lines: string[] = []
  for (const part of parts) {
    const last = lines.pop()
    if (last === undefined) lines.push(part)
    // A dot may follow.
    else if (textWidth(`${last} · ${part} ·`) <= width) lines.push(`${last} · ${part}`)
    else lines.push(`${last} ·`, part)
  }
  return lines
}

/** A table, header first. If it is too wide, the first cells of each row are a title, and each other cell is a line. */
export function tableOrList(
  rows: readonly (readonly string[])[],
  {width = Infinity, titles = 1, indent = ''}: {width?: number; titles?: number; indent?: string} = {},
): string[] {
  const wide = table(rows, indent)
  const [header = [], ...others] = rows
  if (wide.every((line) => textWidth(line) <= width)) return wide
  return others.flatMap((row) => [
    indent + row.slice(0, titles).join('  '),
    ...facts(
      row
        .slice(titles)
        .flatMap((cell, column) => (cell === '' ? [] : [[header[titles + column] ?? '', cell] as const])),
      width - indent.length - 2,
    ).map((line) => `${indent}  ${line}`),
  ])
}

/** A table, header first. If it is too wide, each row is its first cell and then a text of all others. */
export function tableOrTexts(rows: readonly (readonly string[])[], width = Infinity): string[] {
  const wide = table(rows)
  const [header = [], ...others] = rows
  if (wide.every((line) => textWidth(line) <= width)) return wide
  return others.flatMap(([first = '', ...cells]) => {
    const title = `${header[0] ?? ''} ${first}`
    const parts = cells.map((cell, column) => `${header[column + 1] ?? ''} ${cell}`)
    return [title, ...flow(parts, width - 2).map((line) => `  ${line}`)]
  })
}
