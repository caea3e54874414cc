import {styleText} from 'node:util'
import {isFlaky, type CaseResult, type Failure, type RunReport, type Summary} from '../results.js'
import {logLine} from './log-text.js'

export interface ListOptions {
  /** Whether the text may have terminal colours. */
  colors: boolean
}

type Format = Parameters<typeof styleText>[0]

/** One line per case, every failing expectation below its case, and the counts. */
export function listReport(report: RunReport, options: ListOptions): string {
  const list = new List(options)
  return [...report.results.flatMap((result) => list.add(result)), ...list.end(report)].join('\n')
}

/** The list piece by piece, for a run that is not over. */
export class List {
  private suite: string | undefined

  constructor(private readonly options: ListOptions) {}

  /** The lines of the next case, with its suite above if that is another one. */
  add(result: CaseResult): string[] {
    const {suite} = result
    const before = this.suite
    this.suite = suite
    const title = suite === before ? [] : [...(before === undefined ? [] : ['']), this.paint('bold', logLine(suite))]
    return [...title, ...caseLines(result, (format, text) => this.paint(format, text))]
  }

  /** The last lines. */
  end({summary, interrupted}: Pick<RunReport, 'summary' | 'interrupted'>): string[] {
    return ['', summaryLine(summary), ...(interrupted ? [this.paint('yellow', 'Interrupted.')] : [])]
  }

  private paint(format: Format, text: string): string {
    return this.options.colors ? styleText(format, text, {validateStream: false}) : text
  }
}

/** A case and, when it did not simply pass, why. */
export function caseLines(result: CaseResult, paint: (format: Format, text: string) => string): string[] {
  const {id, name, outcome, duration_ms: durationMs, reason, failures, attempts} = result
  const [format, mark] = marks[outcome]
  const notes = [
    ...(outcome === 'passed' || outcome === 'failed' || outcome === 'error'
      ? [`${(durationMs / 1000).toFixed(1)} s`]
      : [outcome]),
    ...(isFlaky(result) ? [`flaky: passed at attempt ${attempts}`] : []),
    ...(reason === undefined ? [] : [logLine(reason)]),
  ]
  const lines = [
    `  ${paint(format, mark)} ${logLine(id).padStart(2)} ${logLine(name)}  ${paint('dim', notes.join(' · '))}`,
  ]
  for (const failure of failures) lines.push(...failureLines(failure).map((line) => `       ${logLine(line)}`))
  return lines
}

/** The failure with what was expected and found, and where it is written. */
export function failureLines({file, line, column, step, message, expected, actual}: Failure): string[] {
  return [
    ...labelled(`${step}: `, message),
    ...(expected === undefined ? [] : labelled('  expected  ', expected)),
    ...(actual === undefined ? [] : labelled('  actual    ', actual)),
    `  at ${file}:${line}:${column}`,
  ]
}

/** A text of several lines, below each other behind its label. */
function labelled(label: string, text: string): string[] {
  return text.split('\n').map((line, index) => (index === 0 ? label : ' '.repeat(label.length)) + line)
}

const marks: Record<CaseResult['outcome'], [Format, string]> = {
  passed: ['green', '✔'],
  failed: ['red', '✘'],
  error: ['red', '‼'],
  skipped: ['yellow', '↓'],
  pending: ['cyan', '…'],
}

function summaryLine({
  passed,
  failed,
  error,
  skipped,
  pending,
  flaky,
  not_run: notRun,
  duration_ms: durationMs,
}: Summary): string {
  const parts = [
    `${passed} passed${flaky > 0 ? ` (${flaky} flaky)` : ''}`,
    `${failed} failed`,
    ...(error > 0 ? [`${error} with errors`] : []),
    ...(skipped > 0 ? [`${skipped} skipped`] : []),
    ...(pending > 0 ? [`${pending} pending`] : []),
    ...(notRun > 0 ? [`${notRun} not run`] : []),
  ]
  return `${parts.join(', ')} in ${(durationMs / 1000).toFixed(1)} s`
}
