import {existsSync} from 'node:fs'
import type {Failure} from './results.js'
import {summarize, type CaseOutcome, type CaseResult, type RunReport} from './results.js'
import type {Case, Verb} from './model.js'
import {runCase} from './run-case.js'
import {allSteps} from './steps.js'
import type {Target} from './target.js'

/** Steps that look behind the contract. */
const looking: ReadonlySet<string> = new Set<Verb>(['check_released', 'kill_engine', 'render_prompt'])

export interface RunOptions {
  signal?: AbortSignal
  /** Number of retries of a failed case. Defaults to `0`. */
  retries?: number
  /** Whether the first failed case ends the run. Defaults to `false`. */
  bail?: boolean
  /** Limit of a scenario that sets none itself. Defaults to `120000`. */
  timeoutMs?: number
  onStart?: (testCase: Case) => void
  onEnd?: (result: CaseResult, testCase: Case) => void
}

/** Runs the cases one after the other; they share nothing. */
export async function runSuites(cases: readonly Case[], target: Target, options: RunOptions = {}): Promise<RunReport> {
  const {signal = new AbortController().signal, bail = false, onStart, onEnd} = options
  const start = performance.now()
  const results: CaseResult[] = []
  for (const testCase of cases) {
    if (signal.aborted) break
    onStart?.(testCase)
    const result = await runWithRetries(testCase, target, {...options, signal})
    // A case that was interrupted has no verdict.
    if (result === undefined) break
    results.push(result)
    onEnd?.(result, testCase)
    if (bail && isRed(result.outcome)) break
  }
  const summary = summarize(results, cases.length, performance.now() - start)
  return {schema_version: 2, target: target.name, results, summary, interrupted: signal.aborted}
}

function isRed(outcome: CaseOutcome): boolean {
  return outcome === 'failed' || outcome === 'error'
}

async function runWithRetries(
  testCase: Case,
  target: Target,
  {signal, retries = 0, timeoutMs = 120_000}: RunOptions & {signal: AbortSignal},
): Promise<CaseResult | undefined> {
  const {scenario, suite} = testCase
  const start = performance.now()
  const failures: Failure[] = []
  const end = (outcome: CaseOutcome, attempts: number, reason?: string): CaseResult => ({
    id: testCase.id,
    name: testCase.name,
    suite: suite.name,
    file: suite.file,
    line: suite.locate(scenario.path).line,
    tags: scenario.tags ?? [],
    outcome,
    attempts,
    duration_ms: performance.now() - start,
    ...(reason !== undefined && {reason}),
    failures,
  })
  if (scenario.pending !== undefined) return end('pending', 0, scenario.pending)
  const missing = missingFor(testCase, target)
  if (missing !== undefined) return end('skipped', 0, missing)

  for (let attempt = 1; ; attempt += 1) {
    const log = await runCase(testCase, target, {signal, timeoutMs}).catch((thrown: unknown) => {
      if (!signal.aborted) throw thrown
    })
    if (log === undefined) return undefined
    const label = retries > 0 ? `attempt ${attempt}, ` : ''
    failures.push(...log.failures.map((failure) => ({...failure, step: `${label}${failure.step}`})))
    if (log.failures.length === 0) return end('passed', attempt)
    if (attempt > retries) return end(log.broken ? 'error' : 'failed', attempt)
  }
}

/** Why the scenario is skipped: what it needs and this run does not have. */
function missingFor({scenario, suite}: Case, target: Target): string | undefined {
  const {models = [], env = []} = scenario.skip_unless ?? {}
  const model = models.find((name) => !existsSync(suite.models[name] ?? ''))
  if (model !== undefined) return `there is no model ${model}`
  const variable = env.find((name) => process.env[name] === undefined)
  if (variable !== undefined) return `${variable} is not set`
  const looks = [...allSteps(scenario.steps)].some(({verb}) => looking.has(verb))
  return looks && target.probe === undefined ? `a ${target.name} backend cannot be inspected` : undefined
}
