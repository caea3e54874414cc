import {longestTimerMs} from '../system/clock.js'
import {stepArguments} from './schema/arguments.js'
import type {Expectation} from './schema/expectation.js'
import type {Path, Step, Verb} from './model.js'

type ExpectationKey = keyof Expectation

interface VerbTraits {
  /** The argument that a bare string stands for. */
  short?: string
  /** What can be expected of it, beside its error and its duration. */
  gives: readonly ExpectationKey[]
  /** The step is itself a check. */
  asserts?: true
}

const answer = ['text', 'metadata', 'value'] as const

export const verbTraits: Record<Verb, VerbTraits> = {
  init_backend: {gives: []},
  init_backend_with_config: {gives: []},
  load: {gives: ['value']},
  load_by_name: {short: 'model', gives: ['value']},
  load_by_name_with_config: {gives: ['value']},
  init_execution_context: {short: 'graph', gives: ['value']},
  init_execution_context_with_session_id: {short: 'session', gives: ['value']},
  set_input: {short: 'text', gives: ['metadata']},
  compute: {short: 'context', gives: answer},
  get_output: {short: 'context', gives: answer},
  compute_single: {short: 'context', gives: ['metadata']},
  get_output_single: {short: 'context', gives: answer},
  fini_single: {short: 'context', gives: ['metadata']},
  run_inference: {short: 'text', gives: answer},
  render_prompt: {short: 'text', gives: ['text', 'value']},
  close_execution_context: {short: 'context', gives: []},
  finalize_execution_context: {short: 'context', gives: []},
  switch_graph: {short: 'model', gives: ['value']},
  unload: {short: 'graph', gives: []},
  get_backend_status: {short: 'type', gives: ['status', 'value']},
  deinit_backend: {gives: []},
  parallel: {gives: ['value']},
  repeat: {gives: []},
  wait_for: {gives: ['status'], asserts: true},
  read_file: {short: 'path', gives: ['text', 'value', 'records']},
  check_released: {gives: [], asserts: true},
  kill_engine: {short: 'graph', gives: []},
}

const verbs = Object.keys(stepArguments) as Verb[]
const defaultTimeoutMs = 60_000
/** The calls that a raw step names; a usable step names one. */
export function verbsOf(raw: object): Verb[] {
  return verbs.filter((verb) => verb in raw)
}

/** Builds the steps of a list that the schema accepted. A step without exactly one call is left to `findStepFaults`. */
export function parseSteps(raw: readonly unknown[], path: Path): Step[] {
  return raw.map((step, index) => parseStep(step as Record<string, unknown>, [...path, index]))
}

function parseStep(raw: Record<string, unknown>, path: Path): Step {
  const [verb = 'init_backend'] = verbsOf(raw)
  const isBlock = verb === 'parallel' || verb === 'repeat'
  const {name, as, expect = {}, capture = {}, when = {}} = raw
  // Blocks of steps are limited by their steps and their scenario.
  const timeoutMs = raw.timeout_ms ?? (isBlock ? longestTimerMs : defaultTimeoutMs)
  const args = parseArguments(verb, raw[verb], [...path, verb])
  const named = {...(name !== undefined && {name}), ...(as !== undefined && {as})}
  return {verb, args, ...named, expect, capture, when, timeoutMs, path} as Step
}

function parseArguments(verb: Verb, raw: unknown, path: Path): unknown {
  if (verb === 'parallel') {
    const branches = Object.entries(raw as Record<string, unknown[]>)
    return {branches: Object.fromEntries(branches.map(([name, steps]) => [name, parseSteps(steps, [...path, name])]))}
  }
  if (verb === 'repeat') {
    const {steps, ...rest} = raw as {steps: unknown[]}
    return {...rest, steps: parseSteps(steps, [...path, 'steps'])}
  }
  if (raw == null) return {}
  return typeof raw === 'string' ? {[verbTraits[verb].short ?? 'text']: raw} : raw
}

/** Every step, those inside `parallel` and `repeat` included. */
export function* allSteps(steps: readonly Step[]): Generator<Step> {
  for (const step of steps) {
    yield step
    if (step.verb === 'parallel') for (const branch of Object.values(step.args.branches)) yield* allSteps(branch)
    if (step.verb === 'repeat') yield* allSteps(step.args.steps)
  }
}
