import {appendFileSync} from 'node:fs'

/** Where a test file writes its results, one JSON object a line, when scripts/test.ts runs it. */
export const reportVariable = 'WNN_TEST_REPORT'
/** Regular expression on "suite sentence": only tests that match are run. */
export const grepVariable = 'WNN_TEST_GREP'

export type Outcome = 'passed' | 'failed' | 'skipped'

export interface TestResult {
  /** Of a process that runs several files. */
  file?: string
  suite: string
  test: string
  outcome: Outcome
  ms: number
  /** Why it failed or was skipped. */
  reason?: string
}

/** A suite announces its tests before the first runs, so that a file that dies half-way is seen to be short. */
export type ReportLine =
  {kind: 'plan'; file?: string; suite: string; selected: number; registered: number} | ({kind: 'result'} & TestResult)

/** Synchronous, so that nothing is lost when the process dies right afterwards; without a target it does nothing. */
export function reporter(path: string | undefined): (line: ReportLine) => void {
  return (line) => {
    if (path !== undefined) appendFileSync(path, `${JSON.stringify(line)}\n`)
  }
}

export function parseReport(text: string): ReportLine[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as ReportLine)
}
