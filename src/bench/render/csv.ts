import type {BenchResult} from '../result.js'

const columns = ['n', 'median', 'ci_low', 'ci_high', 'p95', 'min', 'max', 'mean', 'stdev'] as const

/** One line per metric (RFC 4180); the last column has the values of the repetitions, separated by spaces. */
export function renderCsv({series, date}: Pick<BenchResult, 'series' | 'date'>): string {
  const rows = series.map(({subject, test, metric, unit, summary, values}) => [
    ...[date, subject, test, metric, unit],
    ...columns.map((column) => summary[column]),
    values.join(' '),
  ])
  return [['date', 'subject', 'test', 'metric', 'unit', ...columns, 'values'], ...rows]
    .map((row) => row.map(quote).join(','))
    .join('\r\n')
}

function quote(value: string | number): string {
  const text = String(value)
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
