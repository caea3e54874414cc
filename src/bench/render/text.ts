import {table} from '../../terminal/units.js'
import type {BenchResult} from '../result.js'
import {aboutRows} from './about.js'
import {comparisonTitle, figureRows, verdictRows} from './rows.js'

/** The result for a terminal of this width; tables that do not fit are written as lists. */
export function renderText(result: BenchResult, width = Infinity): string {
  const figures = figureRows(result)
  const wide = table(figures)
  return [
    table(aboutRows(result)),
    wide.some((line) => line.length > width) ? stacked(figures) : wide,
    ...comparisonText(result),
    ...(result.complete ? [] : [[`Incomplete: ${result.incomplete_reason ?? ''}`]]),
  ]
    .map((lines) => lines.join('\n'))
    .join('\n\n')
}

/** Test and metric on one line, then one line per other cell, after the title of its column. */
function stacked([header = [], ...rows]: readonly (readonly string[])[]): string[] {
  const titles = header.slice(2)
  return rows.flatMap(([test = '', metric = '', ...cells]) => [
    `${test}  ${metric}`,
    ...table(
      cells.flatMap((cell, column) => (cell === '' ? [] : [[titles[column] ?? '', cell]])),
      '  ',
    ),
  ])
}

/** The verdicts of each subject are a table of their own. */
function comparisonText(result: BenchResult): string[][] {
  const {comparison} = result
  if (comparison === null) return []
  const [header = [], ...rows] = verdictRows(result).map(([, ...cells]) => cells)
  const names = [...new Set(comparison.verdicts.map(({subject}) => subject))]
  const tables = names.flatMap((name) => {
    const own = rows.filter((_, index) => comparison.verdicts[index]?.subject === name)
    return [name, ...table([header, ...own], '  ')]
  })
  const missing = comparison.missing.map((what) => `Only in one of the two results: ${what}.`)
  return [[`${comparisonTitle(comparison)}:`, ...tables, ...missing]]
}
