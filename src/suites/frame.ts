import type {SwitchReport} from '../backend/contract/switch.js'
import type {Backend} from '../backend/contract/wasi-nn.js'
import type {ContextId, GraphId, OutputMetadata} from '../backend/contract/types.js'
import type {NnError} from '../errors.js'
import type {Case} from './model.js'
import {StepFault} from './step-fault.js'
import type {Probe, Target} from './target.js'
import type {Scope} from './variables.js'

/** The shared state of the steps of a scenario. */
export interface ScenarioRun {
  testCase: Case
  target: Target
  /** The backend of the scenario. It stays here when it has been released, for calls that must fail then. */
  backend?: Backend
  released: boolean
}

/** Where a step runs: `parallel` gives each branch a frame of its own. */
export interface Frame {
  run: ScenarioRun
  scope: Scope
  /** Aborted when the time is up, or the whole run is stopped. */
  signal: AbortSignal
  /** The graph and context for steps that name none. */
  current: {graph?: GraphId; context?: ContextId}
}

/** The result of a step, by the names that `capture` and `expect.value` use. */
export interface StepValue {
  handle?: number
  /** Bytes written into the caller's buffer. */
  bytes?: number
  text?: string
  /** The pieces that were given out while the answer was made. */
  streamed?: string
  metadata?: OutputMetadata
  /** Tokens of a rendered prompt, and messages that it leaves out. */
  prompt_tokens?: number
  dropped_messages?: number
  status?: unknown
  lines?: number
  records?: Record<string, unknown>[]
  /** The branches in the order in which they ended. */
  finish_order?: string[]
  /** What a switch did. */
  switched?: SwitchReport
  error?: NnError
  duration_ms?: number
}

export function backendOf({run}: Frame): Backend {
  if (run.backend === undefined) throw new StepFault('There is no backend. The first step must initialise it.')
  return run.backend
}

/** What can be seen of the backend besides its calls. */
export function probeOf({run}: Frame): Probe {
  if (run.target.probe === undefined) throw new StepFault(`A ${run.target.name} backend cannot be inspected.`)
  return run.target.probe
}

/** The handle for a step: by name, by number, or the last one created. */
export function handleOf(frame: Frame, kind: 'graph' | 'context', given: string | number | undefined): number {
  const handle = typeof given === 'string' ? frame.scope[given] : (given ?? frame.current[kind])
  if (typeof handle === 'number') return handle
  throw new StepFault(given === undefined ? `No ${kind} was created.` : `${given} is not the name of a ${kind}.`)
}
