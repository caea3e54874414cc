import {textWidth} from './width.js'

/** `512 KiB`, `1.5 MiB`, `96 MiB`, `4.2 GiB`. */
export function bytes(count: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  const step = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log2(Math.max(1, count)) / 10)))
  return `${short(count / 1024 ** step)} ${units[step] ?? 'B'}`
}

/** `0.4 ms`, `45 ms`, `1.2 s`, `3 min 5 s`, `2 h 5 min`, `3 d 2 h`. */
export function duration(ms: number): string {
  if (ms < 1000) return `${short(ms)} ms`
  if (ms < 60_000) return `${short(ms / 1000)} s`
  const seconds = Math.round(ms / 1000)
  const scale: [unit: string, seconds: number][] = [
    ['d', 86_400],
    ['h', 3600],
    ['min', 60],
    ['s', 1],
  ]
  const first = scale.findIndex(([, size]) => seconds >= size)
  let rest = seconds
  const parts = scale.slice(first, first + 2).map(([unit, size]) => {
    const whole = Math.floor(rest / size)
    rest -= whole * size
    return `${whole} ${unit}`
  })
  return parts.join(' ')
}

/** `1 token`, `2 tokens`. */
export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

/** Three digits tell enough of a measured number. */
export function short(value: number): string {
  if (value === 0 || value >= 10) return String(Math.round(value))
  return value.toFixed(1).replace(/\.0$/, '')
}

/** Lines of a table: columns as wide as their longest cell, no spaces at the ends of lines. */
export function table(rows: readonly (readonly string[])[], indent = ''): string[] {
  const widths = rows.reduce<number[]>(
    (most, row) =>
      row.map((cell, column) => Math.max(textWidth(cell), most[column] ?? 0)).concat(most.slice(row.length)),
    [],
  )
  return rows.map((row) => (indent + row.map((cell, column) => pad(cell, widths[column] ?? 0)).join('  ')).trimEnd())
}

function pad(cell: string, width: number): string {
  return cell + ' '.repeat(Math.max(0, width - textWidth(cell)))
}
