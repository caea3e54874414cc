import type {CaseOutcome} from '../results.js'

/** A test of a TAP report, with the comments below it. */
export interface TapTest {
  number: string
  name: string
  outcome: Extract<CaseOutcome, 'passed' | 'failed' | 'skipped'>
  /** Why it was skipped. */
  reason?: string
  comments: string[]
}

export interface TapReport {
  /** The number of tests that were announced. */
  planned: number | undefined
  tests: TapTest[]
  /** Why the program gave up, if it did. */
  bailOut?: string
}

/** Reads the TAP that the conformance guest prints. Other lines are ignored, because a runtime may print its own. */
export function parseTap(text: string): TapReport {
  const report: TapReport = {planned: undefined, tests: []}
  for (const line of text.split(/\r?\n/)) {
    const plan = /^1\.\.(\d+)$/.exec(line)
    if (plan !== null) report.planned = Number(plan[1])
    else if (line.startsWith('Bail out!')) report.bailOut = line.slice('Bail out!'.length).trim()
    else if (line.startsWith('# ')) report.tests.at(-1)?.comments.push(line.slice(2))
    else report.tests.push(...readTest(line))
  }
  return report
}

function readTest(line: string): TapTest[] {
  const [, not, number = '', title = ''] = /^(not )?ok (\d+)(?: -)? (.*)$/.exec(line) ?? []
  if (number === '') return []
  const [name = '', skip] = title.split(/ # SKIP ?/i)
  if (skip !== undefined) return [{number, name, outcome: 'skipped', reason: skip, comments: []}]
  return [{number, name, outcome: not === undefined ? 'passed' : 'failed', comments: []}]
}
