import type {RuntimeOptions} from '../../config/index.js'
import {NnError} from '../../errors.js'
import type {Answer, AnswerRequest} from './core.js'
import type {OutputMetadata} from './types.js'

/** The readable part of an answer. It may be incomplete if the engine died. */
export interface Output {
  text: string
  metadata: Partial<OutputMetadata>
}

/** What WASI-NN keeps of an execution context between two calls. */
export interface ContextState {
  input: string | undefined
  options: RuntimeOptions
  output: Output | undefined
  /** The text of the token that was generated last, and the metadata so far. */
  step: Output | undefined
  /** The options that token-by-token generation began with, while it runs. */
  stepOptions: RuntimeOptions | undefined
  /** Steps that have not had their token. */
  pendingSteps: number
  /** Options that are being read: a compute that comes meanwhile waits for them. */
  reading: Promise<void> | undefined
  /** The mode of prompts without options of their own. */
  readonly mode: 'chat' | 'raw'
}

export function newState(mode: ContextState['mode']): ContextState {
  return {
    input: undefined,
    options: {},
    output: undefined,
    step: undefined,
    stepOptions: undefined,
    pendingSteps: 0,
    reading: undefined,
    mode,
  }
}

/** What token-by-token generation came to. */
export function stepsEnded(state: ContextState, answer: Answer | undefined): void {
  const used = state.stepOptions
  state.stepOptions = undefined
  if (answer === undefined) return
  state.output = answer
  dropHistory(state, used)
}

export function setPrompt(state: ContextState, text: string): void {
  state.input = text
  state.output = undefined
  state.step = undefined
}

/** @throws `invalid_argument` for a context without an input. */
export function requestOf({input, options}: ContextState): Required<Pick<AnswerRequest, 'input' | 'options'>> {
  if (input !== undefined) return {input, options}
  throw new NnError('invalid_argument', 'The context has no input.', {hint: 'Call set_input with index 0 first.'})
}

/** A history is for one answer: a second compute with the same options continues from it. */
export function dropHistory(state: ContextState, used: RuntimeOptions | undefined): void {
  // Options that were set meanwhile are for a later answer, and a raw prompt has no history.
  if (used?.history === undefined || state.options.history !== used.history) return
  if ((used.prompt_mode ?? state.mode) === 'raw') return
  const others = {...state.options}
  delete others.history
  state.options = others
}

/** Keeps what was generated before a failure, so that it can be read. */
export function keepPartial(state: ContextState, error: unknown): unknown {
  if (error instanceof NnError && error.partial !== undefined) state.output = error.partial
  return error
}
