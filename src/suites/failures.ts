import {explain, NnError} from '../errors.js'
import type {Mismatch} from './conditions.js'
import type {Case, Path, Step} from './model.js'
import type {Failure} from './results.js'

/** Longest piece of a value that a report shows. */
const shownLength = 2000

/** Collects what goes wrong in a case, with the places in its suite file. */
export class FailureLog {
  readonly failures: Failure[] = []
  /** Whether the backend failed, rather than a check of its answers. */
  broken = false
  readonly #case: Case

  constructor(testCase: Case) {
    this.#case = testCase
  }

  /** A failed expectation of a step. */
  mismatch(step: Step, {path, expected, actual}: Mismatch): void {
    const {place, label} = this.#describe([...step.path, ...(path.length === 0 ? [] : ['expect', ...path])], step)
    const what = path.length === 0 ? 'the step failed' : `expect.${path.join('.')} does not hold`
    this.failures.push({...place, step: label, message: what, expected, actual: show(actual)})
  }

  /** A step that could not run. */
  fault(step: Step, thrown: unknown): void {
    const {place, label} = this.#describe([...step.path], step)
    this.failures.push({...place, step: label, message: messageOf(thrown)})
  }

  /** A failure of the whole scenario. */
  whole(message: string): void {
    const {path} = this.#case.scenario
    this.failures.push({...this.#place(path), step: 'the scenario', message})
  }

  #describe(path: Path, {verb, name}: Step): {place: Pick<Failure, 'file' | 'line' | 'column'>; label: string} {
    return {place: this.#place(path), label: name === undefined ? verb : `${verb} (${name})`}
  }

  #place(path: Path): Pick<Failure, 'file' | 'line' | 'column'> {
    const {file, locate} = this.#case.suite
    // An item of a list has no key that could be pointed at.
    return {file, ...locate(path, typeof path.at(-1) === 'number' ? 'value' : 'key')}
  }
}

export function messageOf(thrown: unknown): string {
  if (thrown instanceof NnError) return `${thrown.code}: ${explain(thrown)}`
  return thrown instanceof Error ? thrown.message : String(thrown)
}

function show(value: unknown): string {
  const text = typeof value === 'string' ? value : value === undefined ? 'nothing' : JSON.stringify(value)
  return text.length > shownLength ? `${text.slice(0, shownLength)}… (${text.length} characters)` : text
}
