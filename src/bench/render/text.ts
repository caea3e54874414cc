import {table} from '../../cli/units.js'
import type {BenchResult} from '../result.js'
import {aboutRows} from './about.js'
import {comparisonTitle, figureRows, verdictRows} from './rows.js'

/** The result for a terminal. */
export function renderText(result: BenchResult): string {
  return [
    table(aboutRows(result)),
    table(figureRows(result)),
    ...comparisonText(result),
    ...(result.complete ? [] : [[`Incomplete: ${result.incomplete_reason ?? ''}`]]),
  ]
    .map((lines) => lines.join('\n'))
    .join('\n\n')
}

function comparisonText(result: BenchResult): string[][] {
  const {comparison} = result
  if (comparison === null) return []
  const missing = comparison.missing.map((what) => `Only one of the two has: ${what}.`)
  return [[`${comparisonTitle(comparison)}:`, ...table(verdictRows(result)), ...missing]]
}
