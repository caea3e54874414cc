/** One thing that went wrong in a scenario, at its place in the suite file. */
export interface Failure {
  file: string
  line: number
  column: number
  /** The call, or the step's own name. */
  step: string
  message: string
  expected?: string
  actual?: string
}

/** `error`: the scenario could not be judged, because the backend did not start or broke its contract. */
export type CaseOutcome = 'passed' | 'failed' | 'error' | 'skipped' | 'pending'

export interface CaseResult {
  id: string
  name: string
  suite: string
  file: string
  line: number
  tags: string[]
  outcome: CaseOutcome
  /** More than one when earlier attempts failed; a case that passed then is flaky. */
  attempts: number
  duration_ms: number
  /** Why it was skipped or is pending. */
  reason?: string
  /** Of all attempts. */
  failures: Failure[]
}

export interface Summary extends Record<CaseOutcome, number> {
  total: number
  /** Passed, but not at the first attempt; counted in `passed`, too. */
  flaky: number
  /** Selected, but left out after `--bail` or an interruption. */
  not_run: number
  duration_ms: number
}

/** The verdict of a run; what every reporter renders. */
export interface RunReport {
  schema_version: 2
  /** What the suites were run against. */
  target: string
  results: CaseResult[]
  summary: Summary
  interrupted: boolean
}

export function summarize(results: readonly CaseResult[], selected: number, durationMs: number): Summary {
  const count = (outcome: CaseOutcome): number => results.filter((result) => result.outcome === outcome).length
  return {
    total: selected,
    passed: count('passed'),
    failed: count('failed'),
    error: count('error'),
    skipped: count('skipped'),
    pending: count('pending'),
    flaky: results.filter(isFlaky).length,
    not_run: selected - results.length,
    duration_ms: durationMs,
  }
}

export function isFlaky({outcome, attempts}: CaseResult): boolean {
  return outcome === 'passed' && attempts > 1
}

/** 130 interrupted, 3 the engine failed, 4 a scenario failed, 0 otherwise. */
export function exitCodeOf({interrupted, summary}: RunReport): number {
  if (interrupted) return 130
  // Where the engine failed, the verdicts on scenarios are not complete.
  if (summary.error > 0) return 3
  return summary.failed > 0 ? 4 : 0
}
