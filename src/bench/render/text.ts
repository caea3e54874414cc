import {facts, indented, tableOrList} from '../../terminal/fit.js'
import type {BenchResult} from '../result.js'
import {aboutRows} from './about.js'
import {comparisonTitle, figureRows, verdictRows} from './rows.js'

/** The result for a terminal of this width; tables that do not fit are written as lists. */
export function renderText(result: BenchResult, width = Infinity): string {
  return [
    facts(aboutRows(result), width),
    tableOrList(figureRows(result), {width, titles: 2}),
    ...comparisonText(result, width),
    ...(result.complete ? [] : [indented(`Incomplete: ${result.incomplete_reason ?? ''}`, width, '')]),
  ]
    .map((lines) => lines.join('\n'))
    .join('\n\n')
}

/** The verdicts of each subject are a table of their own. */
function comparisonText(result: BenchResult, width: number): string[][] {
  const {comparison} = result
  if (comparison === null) return []
  const [header = [], ...rows] = verdictRows(result).map(([, ...cells]) => cells)
  const names = [...new Set(comparison.verdicts.map(({subject}) => subject))]
  const tables = names.flatMap((name) => {
    const own = rows.filter((_, index) => comparison.verdicts[index]?.subject === name)
    return [name, ...tableOrList([header, ...own], {width, titles: 2, indent: '  '})]
  })
  const missing = comparison.missing.flatMap((what) => indented(`Only in one of the two results: ${what}.`, width, ''))
  return [[...indented(`${comparisonTitle(comparison)}:`, width, ''), ...tables, ...missing]]
}
