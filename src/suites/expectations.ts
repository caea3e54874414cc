import type {OutputMetadata} from '../backend/contract/types.js'
import {explain, type NnError} from '../errors.js'
import {checkCondition, checkFields, type Mismatch} from './conditions.js'
import type {StepValue} from './frame.js'
import type {Expectation} from './schema/expectation.js'
import {valueAt} from './variables.js'

/** How a step ended, and what can be read of it afterwards. */
export interface StepOutcome {
  value: StepValue
  error?: NnError
  durationMs: number
  text: () => Promise<string>
  metadata: () => Promise<OutputMetadata>
}

/** The failed expectations of a step. Variables are already replaced. */
export async function checkExpectation(expectation: Expectation, outcome: StepOutcome): Promise<Mismatch[]> {
  const {text, error, status, metadata, value, records, duration} = expectation
  const mismatches = [...checkError(error, outcome), ...checkDuration(duration, outcome.durationMs)]
  // Do not also report the missing result of a failed step.
  if (outcome.error !== undefined || mismatches.some(({path}) => path[0] === 'error')) return mismatches

  if (text !== undefined) mismatches.push(...(await checkText(text, outcome)))
  if (status !== undefined) mismatches.push(...under('status', checkFields(outcome.value.status, status)))
  if (metadata !== undefined) mismatches.push(...under('metadata', checkFields(await outcome.metadata(), metadata)))
  if (value !== undefined) mismatches.push(...under('value', checkFields(outcome.value, value)))
  if (records !== undefined) mismatches.push(...checkRecords(outcome.value.records ?? [], records))
  return mismatches
}

/** What a capture's path leads to. */
export async function readCapture(path: string, outcome: StepOutcome): Promise<unknown> {
  const [first = ''] = path.split('.', 1)
  const root =
    first === 'metadata'
      ? {metadata: await outcome.metadata()}
      : first === 'text'
        ? {text: await outcome.text()}
        : {...outcome.value, error: outcome.error, duration_ms: outcome.durationMs}
  return valueAt(root, path)
}

function checkError(expected: Expectation['error'], {error}: StepOutcome): Mismatch[] {
  if (expected === undefined) {
    return error === undefined ? [] : [{path: [], expected: 'success', actual: describe(error)}]
  }
  const {code, message, optional = false} = typeof expected === 'string' ? {code: expected} : expected
  if (error === undefined) return optional ? [] : [{path: ['error'], expected: code, actual: 'success'}]
  if (error.code !== code) return [{path: ['error'], expected: code, actual: describe(error)}]
  return message === undefined ? [] : under('error', under('message', checkCondition(explain(error), message)))
}

function describe(error: NnError): string {
  return `${error.code}: ${explain(error)}`
}

async function checkText(expected: NonNullable<Expectation['text']>, outcome: StepOutcome): Promise<Mismatch[]> {
  const actual = await outcome.text()
  if (typeof expected === 'string') return under('text', checkCondition(actual, expected))
  const {token_count: tokenCount, ...condition} = expected
  const mismatches = Object.keys(condition).length === 0 ? [] : checkCondition(actual, condition)
  if (tokenCount !== undefined) {
    const {output_tokens: tokens} = await outcome.metadata()
    mismatches.push(...under('token_count', checkCondition(tokens, tokenCount)))
  }
  return under('text', mismatches)
}

function checkDuration(expected: Expectation['duration'], ms: number): Mismatch[] {
  const {min_ms: min, max_ms: max} = expected ?? {}
  const took = Math.round(ms)
  return [
    ...(min !== undefined && ms < Number(min)
      ? [{path: ['duration', 'min_ms'], expected: `at least ${min} ms`, actual: took}]
      : []),
    ...(max !== undefined && ms > Number(max)
      ? [{path: ['duration', 'max_ms'], expected: `at most ${max} ms`, actual: took}]
      : []),
  ]
}

function checkRecords(
  records: readonly Record<string, unknown>[],
  expected: NonNullable<Expectation['records']>,
): Mismatch[] {
  return expected.flatMap(({where = {}, count, every}, index) => {
    const meant = records.filter((record) => checkFields(record, where).length === 0)
    // Without a count there must be some, or `every` would hold of nothing.
    const counted = under('count', checkCondition(meant.length, count ?? {min: 1}))
    const each = every === undefined ? [] : meant.flatMap((record) => checkFields(record, every)).slice(0, 1)
    return under('records', under(index, [...counted, ...under('every', each)]))
  })
}

function under(key: string | number, mismatches: Mismatch[]): Mismatch[] {
  return mismatches.map((mismatch) => ({...mismatch, path: [key, ...mismatch.path]}))
}
