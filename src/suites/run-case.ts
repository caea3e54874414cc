import {mkdtemp, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import path from 'node:path'
import {DeadlineError, withDeadline} from './deadline.js'
import {FailureLog, messageOf} from './failures.js'
import type {Frame, ScenarioRun} from './frame.js'
import type {Case, Step} from './model.js'
import {runSteps, ScenarioEnded} from './run-steps.js'
import type {Target} from './target.js'
import {remainsOf} from './verbs/observe.js'

export interface RunCaseOptions {
  signal: AbortSignal
  /** Limit of a scenario that sets none itself. */
  timeoutMs: number
}

/** Time limit for releasing a backend; after that it counts as stuck. */
const releaseMs = 20_000

/** Runs one case once, with its own backend, which is always released at the end. */
export async function runCase(testCase: Case, target: Target, options: RunCaseOptions): Promise<FailureLog> {
  const run: ScenarioRun = {testCase, target, released: false}
  const log = new FailureLog(testCase)
  const tmp = await mkdtemp(path.join(tmpdir(), 'wnn-suite-'))
  const scope = {...testCase.variables, tmp, models: testCase.suite.models}
  const limit = testCase.scenario.timeout_ms ?? options.timeoutMs
  const work = async (signal: AbortSignal): Promise<void> => {
    const frame: Frame = {run, scope, signal, current: {}}
    await runSteps([...ownInit(testCase), ...testCase.scenario.steps], frame, log)
  }
  try {
    await withDeadline(limit, 'The scenario', work, options.signal)
  } catch (thrown) {
    if (thrown instanceof DeadlineError) log.whole(thrown.message)
    else if (!(thrown instanceof ScenarioEnded)) throw thrown
  } finally {
    await release(run, log)
    await rm(tmp, {recursive: true, force: true})
  }
  return log
}

/** The backend is made from the scenario's configuration, unless its first step makes one. */
function ownInit({scenario}: Case): Step[] {
  if (/^init_backend/.test(scenario.steps[0]?.verb ?? '')) return []
  const {config} = scenario
  const path = config === undefined ? scenario.path : [...scenario.path, 'config']
  const common = {expect: {}, capture: {}, when: {}, timeoutMs: 60_000, path}
  if (config === undefined) return [{verb: 'init_backend', args: {}, ...common}]
  return [{verb: 'init_backend_with_config', args: {config}, ...common}]
}

async function release(run: ScenarioRun, log: FailureLog): Promise<void> {
  const {backend, target} = run
  if (backend === undefined) return
  try {
    if (!run.released) await withDeadline(releaseMs, 'Releasing the backend', () => backend.deinit())
    const remains = target.probe === undefined ? [] : await remainsOf(backend, target.probe)
    if (remains.length > 0) log.whole(`The backend was released, but these remain: ${remains.join(', ')}`)
  } catch (thrown) {
    log.broken = true
    log.whole(`The backend could not be released: ${messageOf(thrown)}`)
  }
}
