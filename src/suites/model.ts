import type {Static} from 'typebox'
import type {ParsedDocument} from '../documents/index.js'
import type {stepArguments} from './schema/arguments.js'
import type {Condition} from './schema/condition.js'
import type {Expectation} from './schema/expectation.js'
import type {ScenarioDocument} from './schema/suite.js'
import type {Scope} from './variables.js'

export type Path = readonly (string | number)[]
export type Verb = keyof typeof stepArguments

/** A step's argument once the short forms (a string, nothing) have become an object. */
export type ArgumentsOf<V extends Verb> = V extends 'parallel'
  ? {branches: Record<string, Step[]>}
  : V extends 'repeat'
    ? Omit<Static<(typeof stepArguments)['repeat']>, 'steps'> & {steps: Step[]}
    : Exclude<Static<(typeof stepArguments)[V]>, string | null>

export interface StepOf<V extends Verb> {
  verb: V
  args: ArgumentsOf<V>
  name?: string
  as?: string
  expect: Expectation
  capture: Record<string, string>
  when: Record<string, Condition>
  timeoutMs: number
  /** Position of the step in its document. */
  path: Path
}

export type Step = {[V in Verb]: StepOf<V>}[Verb]

export interface Scenario extends Omit<ScenarioDocument, 'id' | 'steps'> {
  id: string
  steps: Step[]
  path: Path
}

/** A suite file that was read and found usable. */
export interface Suite {
  file: string
  name: string
  /** Name → absolute path of the model file. */
  models: Record<string, string>
  scenarios: Scenario[]
  locate: ParsedDocument['locate']
  written: ParsedDocument['written']
}

/** A scenario with one combination of its matrix: what is run, retried and counted. */
export interface Case {
  suite: Suite
  scenario: Scenario
  /** The scenario's id, and the combination when there is a matrix. */
  id: string
  name: string
  variables: Scope
}
