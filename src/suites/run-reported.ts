import {writeFile} from 'node:fs/promises'
import type {Case} from './model.js'
import {runWithProgress} from './progress.js'
import {githubAnnotations} from './reporters/github.js'
import {render, type ReporterName} from './reporters/index.js'
import {List} from './reporters/list.js'
import type {RunReport} from './results.js'
import type {RunOptions} from './run.js'
import type {Target} from './target.js'

export interface Reporting {
  reporter: ReporterName
  /** File for the report; the list goes to standard output then. Absent: the report goes there. */
  output: string | undefined
  /** Whether the list may have terminal colours. */
  colors: boolean
  /** Whether standard error is a terminal, where progress is shown in place. */
  isTerminal: boolean
  /** Whether nothing is printed. */
  isSilent: boolean
  /** Folder of the checkout, for annotations. */
  workspace: string | undefined
  /** Writes to standard output. */
  print: (text: string) => void
}

/**
 * Runs the cases and prints the report. Where standard error is no terminal, both outputs are often one log: there the
 * list grows case by case, instead of coming a second time after the progress.
 *
 * @throws system errors of writing the report.
 */
export async function runReported(
  cases: readonly Case[],
  target: Target,
  options: RunOptions,
  {reporter, output, colors, isTerminal, isSilent, workspace, print}: Reporting,
): Promise<RunReport> {
  const isListed = output !== undefined || reporter === 'list' || reporter === 'github'
  const isGrowing = isListed && !isTerminal && !isSilent
  const list = new List({colors})
  const kind = isSilent || isGrowing ? 'silent' : isTerminal ? 'terminal' : 'lines'
  const onEnd: RunOptions['onEnd'] = (result) => print(list.add(result).join('\n'))
  const report = await runWithProgress(cases, target, {...options, ...(isGrowing && {onEnd})}, kind)
  if (output !== undefined) await writeReport(report, output, reporter, workspace)
  const printed = output === undefined ? reporter : 'list'
  if (!isGrowing) print(render(report, printed, {colors, workspace}))
  else print([...list.end(report), ...(printed === 'github' ? githubAnnotations(report, workspace) : [])].join('\n'))
  return report
}

/** Prints the report of a run that has ended. @throws system errors of writing it. */
export async function printReport(
  report: RunReport,
  {reporter, output, colors, workspace, print}: Omit<Reporting, 'isTerminal' | 'isSilent'>,
): Promise<void> {
  if (output !== undefined) await writeReport(report, output, reporter, workspace)
  print(render(report, output === undefined ? reporter : 'list', {colors, workspace}))
}

async function writeReport(
  report: RunReport,
  output: string,
  reporter: ReporterName,
  workspace: string | undefined,
): Promise<void> {
  await writeFile(output, render(report, reporter, {colors: false, workspace}))
}
