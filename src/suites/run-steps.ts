import {NnError} from '../errors.js'
import {checkFields} from './conditions.js'
import {DeadlineError, withDeadline} from './deadline.js'
import {checkExpectation, readCapture, type StepOutcome} from './expectations.js'
import type {FailureLog} from './failures.js'
import type {Frame, StepValue} from './frame.js'
import {StepFault} from './step-fault.js'
import type {ArgumentsOf, Step} from './model.js'
import {isTextArgument} from './schema/text-argument.js'
import {fillName, substitute, substituteTexts, type Scope} from './variables.js'
import {handlers} from './verbs/index.js'
import {contextOf, readMetadata, readText} from './verbs/inference.js'

/** The scenario cannot continue; the failure is logged. */
export class ScenarioEnded extends Error {}

/**
 * Runs steps in order. An expectation that does not hold is logged, and the next step runs; a step that fails
 * unexpectedly ends the scenario, because later steps depend on it.
 */
export async function runSteps(steps: readonly Step[], frame: Frame, log: FailureLog): Promise<void> {
  for (const step of steps) await runStep(step, frame, log)
}

async function runStep(written: Step, frame: Frame, log: FailureLog): Promise<void> {
  const step = withName(written, frame.scope)
  if (checkFields(frame.scope, step.when).length > 0) return
  if (step.as !== undefined) frame.scope[step.as] = null
  const outcome = await attempt(step, frame, log)
  if (step.as !== undefined && outcome.error === undefined) frame.scope[step.as] = outcome.value.handle

  const mismatches = await guard(step, frame, log, async () => {
    const found = await checkExpectation(expectationOf(step, frame), outcome)
    if (outcome.error !== undefined) return found
    for (const [name, path] of Object.entries(step.capture)) frame.scope[name] = await readCapture(path, outcome)
    return found
  })
  for (const mismatch of mismatches) log.mismatch(step, mismatch)
  if (outcome.error !== undefined && mismatches.length > 0) {
    log.broken ||= isBroken(step, outcome.error)
    throw new ScenarioEnded()
  }
}

function withName(step: Step, scope: Frame['scope']): Step {
  return step.name === undefined ? step : {...step, name: fillName(step.name, scope).text}
}

async function attempt(step: Step, frame: Frame, log: FailureLog): Promise<StepOutcome> {
  const start = performance.now()
  const end = (value: StepValue, error?: NnError): StepOutcome => ({
    value,
    ...(error !== undefined && {error}),
    durationMs: performance.now() - start,
    text: async () => value.text ?? (await readText(frame, contextOf(argumentsOf(step, frame), frame))),
    metadata: async () =>
      readMetadata(frame, contextOf(argumentsOf(step, frame), frame), step.verb.endsWith('_single')),
  })
  return guard(step, frame, log, async () => {
    try {
      return end(
        await withDeadline(
          step.timeoutMs,
          'The step',
          (signal) => perform(step, {...frame, signal}, log),
          frame.signal,
        ),
      )
    } catch (thrown) {
      if (thrown instanceof NnError && !frame.signal.aborted) return end({}, thrown)
      throw thrown
    }
  })
}

/** Logs what is thrown, other than the end of the scenario or of the whole run, and ends the scenario. */
async function guard<T>(step: Step, frame: Frame, log: FailureLog, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (thrown) {
    if (thrown instanceof ScenarioEnded) throw thrown
    frame.signal.throwIfAborted()
    log.fault(step, thrown)
    // Calls of a backend fail with an NnError and nothing else.
    log.broken ||= !(thrown instanceof NnError || thrown instanceof StepFault || thrown instanceof DeadlineError)
    throw new ScenarioEnded()
  }
}

function isBroken({verb}: Step, {code}: NnError): boolean {
  return /^(init_backend|load)/.test(verb) && (code === 'runtime_error' || code === 'unknown')
}

async function perform(step: Step, frame: Frame, log: FailureLog): Promise<StepValue> {
  if (step.verb === 'parallel') return runBranches(step.args.branches, frame, log)
  if (step.verb === 'repeat') return runRounds(step.args, frame, log)
  const handler = handlers[step.verb] as (args: unknown, frame: Frame) => Promise<StepValue>
  return handler(argumentsOf(step, frame), frame)
}

async function runRounds(
  {times, counter, steps}: ArgumentsOf<'repeat'>,
  frame: Frame,
  log: FailureLog,
): Promise<StepValue> {
  const rounds = Number(substitute(times, frame.scope))
  for (let round = 1; round <= rounds; round += 1) {
    if (counter !== undefined) frame.scope[counter] = round
    await runSteps(steps, frame, log)
  }
  return {}
}

async function runBranches(branches: Record<string, Step[]>, frame: Frame, log: FailureLog): Promise<StepValue> {
  const before = {...frame.scope}
  const stop = new AbortController()
  const signal = AbortSignal.any([frame.signal, stop.signal])
  const finished: string[] = []
  const ends = Object.entries(branches).map(async ([name, steps]) => {
    const branch: Frame = {...frame, signal, scope: {...before}, current: {...frame.current}}
    try {
      await runSteps(steps, branch, log)
    } catch (thrown) {
      // Other branches may wait for this one, so abort them.
      stop.abort(thrown)
      throw thrown
    }
    finished.push(name)
    const changed = Object.entries(branch.scope).filter(([key, value]) => value !== before[key])
    Object.assign(frame.scope, Object.fromEntries(changed))
  })
  for (const end of await Promise.allSettled(ends)) if (end.status === 'rejected') throw end.reason
  return {finish_order: finished}
}

/** A text stays one when it is a variable that holds a number. */
function argumentsOf(step: Step, {scope}: Frame): Record<string, unknown> {
  const entries = Object.entries(step.args as Record<string, unknown>).map(([name, value]) => [
    name,
    isTextArgument(step.verb, name) ? substituteTexts(value, scope) : substitute(value, scope),
  ])
  return Object.fromEntries(entries) as Record<string, unknown>
}

function expectationOf({expect}: Step, {scope}: Frame): Step['expect'] {
  const {text, error} = expect
  return {
    ...substitute(expect, scope),
    ...(text !== undefined && {text: expectedText(text, scope)}),
    ...(error !== undefined && {error: substituteTexts(error, scope)}),
  }
}

function expectedText(text: NonNullable<Step['expect']['text']>, scope: Scope): typeof text {
  if (typeof text === 'string') return substituteTexts(text, scope)
  const {token_count, json_schema} = text
  return {
    ...substituteTexts(text, scope),
    ...(token_count !== undefined && {token_count: substitute(token_count, scope)}),
    ...(json_schema !== undefined && {json_schema: substitute(json_schema, scope)}),
  }
}
