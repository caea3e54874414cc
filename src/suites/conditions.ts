import {isDeepStrictEqual} from 'node:util'
import {createValidator, findFaults, formatPath, plainCopy, showValue} from '../documents/index.js'
import {LinearPattern} from '../documents/linear-pattern.js'
import {operators, type Condition, type Operators} from './schema/condition.js'
import {valueAt} from './variables.js'

/** A failed condition. `path` leads to the failed part of it. */
export interface Mismatch {
  path: (string | number)[]
  expected: string
  actual: unknown
}

/** The failed parts of the condition for the value; empty if it holds. */
export function checkCondition(actual: unknown, condition: Condition): Mismatch[] {
  if (!isOperators(condition)) {
    return isDeepStrictEqual(actual, condition) ? [] : [{path: [], expected: show(condition), actual}]
  }
  return Object.entries(condition).flatMap(([name, operand]) => {
    if (name === 'every') return checkEvery(actual, operand as Condition)
    if (name === 'some') return checkSome(actual, operand as Condition)
    if (name === 'fields') return nest('fields', checkFields(actual, operand as Record<string, Condition>))
    const check = checks[name as Operator]
    const expected = check(actual, operand)
    return expected === undefined ? [] : [{path: [name], expected, actual}]
  })
}

/** `checkCondition` for each path of a value. */
export function checkFields(root: unknown, fields: Record<string, Condition>): Mismatch[] {
  return Object.entries(fields).flatMap(([path, condition]) =>
    nest(path, checkCondition(valueAt(root, path), condition)),
  )
}

/** An object with any other key came out of a variable, and is a value to be met. */
function isOperators(condition: Condition): condition is Operators {
  if (typeof condition !== 'object' || condition === null || Array.isArray(condition)) return false
  const names = Object.keys(condition)
  return names.length > 0 && names.every((name) => Object.hasOwn(operators, name))
}

function nest(key: string, mismatches: Mismatch[]): Mismatch[] {
  return mismatches.map((mismatch) => ({...mismatch, path: [key, ...mismatch.path]}))
}

function checkSome(actual: unknown, condition: Condition): Mismatch[] {
  const holds = Array.isArray(actual) && actual.some((item) => checkCondition(item, condition).length === 0)
  return holds ? [] : [{path: ['some'], expected: `an item that fits ${show(condition)}`, actual}]
}

function checkEvery(actual: unknown, condition: Condition): Mismatch[] {
  if (!Array.isArray(actual)) return [{path: ['every'], expected: 'a list', actual}]
  // The first item that does not fit says enough.
  for (const item of actual) {
    const found = checkCondition(item, condition)
    if (found.length > 0) return nest('every', found)
  }
  return []
}

type Operator = Exclude<keyof Operators, 'every' | 'some' | 'fields'>
type Check = (actual: unknown, operand: unknown) => string | undefined

/** Each gives what was expected, in words, when the value does not satisfy it. */
const checks: Record<Operator, Check> = {
  equals: (actual, operand) => unless(isDeepStrictEqual(actual, operand), show(operand)),
  not_equals: (actual, operand) => unless(!isDeepStrictEqual(actual, operand), `anything but ${show(operand)}`),
  contains: (actual, operand) =>
    unless(
      wanted(actual, operand).every((part) => has(actual, part)),
      `containing ${show(operand)}`,
    ),
  not_contains: (actual, operand) =>
    unless(
      isContainer(actual) && !wanted(actual, operand).some((part) => has(actual, part)),
      `not containing ${show(operand)}`,
    ),
  matches: (actual, operand) =>
    unless(typeof actual === 'string' && pattern(operand).test(actual), `matching /${String(operand)}/`),
  not_matches: (actual, operand) =>
    unless(typeof actual === 'string' && !pattern(operand).test(actual), `not matching /${String(operand)}/`),
  starts_with: (actual, operand) =>
    unless(typeof actual === 'string' && actual.startsWith(String(operand)), `starting with ${show(operand)}`),
  ends_with: (actual, operand) =>
    unless(typeof actual === 'string' && actual.endsWith(String(operand)), `ending with ${show(operand)}`),
  min: (actual, operand) =>
    unless(typeof actual === 'number' && actual >= Number(operand), `at least ${show(operand)}`),
  max: (actual, operand) => unless(typeof actual === 'number' && actual <= Number(operand), `at most ${show(operand)}`),
  near: (actual, operand) => {
    const {value, percent} = operand as {value: number; percent: number}
    const close = typeof actual === 'number' && Math.abs(actual - value) <= (Math.abs(value) * percent) / 100
    return unless(close, `${show(value)} ± ${percent} %`)
  },
  min_length: (actual, operand) => unless(lengthOf(actual) >= Number(operand), `a length of at least ${show(operand)}`),
  max_length: (actual, operand) => unless(lengthOf(actual) <= Number(operand), `a length of at most ${show(operand)}`),
  one_of: (actual, operand) =>
    unless(
      (operand as unknown[]).some((choice) => isDeepStrictEqual(actual, choice)),
      `one of ${show(operand)}`,
    ),
  exists: (actual, operand) =>
    unless((actual !== undefined && actual !== null) === operand, operand === true ? 'a value' : 'no value'),
  json_schema: checkJsonSchema,
}

function unless(holds: boolean, expected: string): string | undefined {
  return holds ? undefined : expected
}

function pattern(operand: unknown): LinearPattern {
  return LinearPattern.compile(String(operand))
}

function isContainer(value: unknown): value is string | unknown[] {
  return typeof value === 'string' || Array.isArray(value)
}

/** A list means each of its texts when a text is searched, and itself when a list is. */
function wanted(actual: unknown, operand: unknown): unknown[] {
  return typeof actual === 'string' && Array.isArray(operand) ? operand : [operand]
}

function has(actual: unknown, part: unknown): boolean {
  if (typeof actual === 'string') return typeof part === 'string' && actual.includes(part)
  return Array.isArray(actual) && actual.some((item) => covers(item, part))
}

/** Whether the item has all that the part has; the part may leave fields of objects out. */
function covers(item: unknown, part: unknown): boolean {
  if (typeof part !== 'object' || part === null || Array.isArray(part)) return isDeepStrictEqual(item, part)
  if (typeof item !== 'object' || item === null) return false
  return Object.entries(part).every(([key, value]) => covers((item as Record<string, unknown>)[key], value))
}

/** Characters of a text as people count them, items of a list. */
function lengthOf(value: unknown): number {
  if (typeof value === 'string') return [...new Intl.Segmenter().segment(value)].length
  return Array.isArray(value) ? value.length : Number.NaN
}

function checkJsonSchema(actual: unknown, operand: unknown): string | undefined {
  let value = actual
  if (typeof actual === 'string') {
    try {
      value = JSON.parse(actual)
    } catch (error) {
      return `JSON (${(error as Error).message})`
    }
  }
  const [fault] = findFaults(
    value,
    createValidator(operand as object, {patterns: (source) => LinearPattern.compile(source)}),
  )
  return fault === undefined
    ? undefined
    : `JSON that satisfies the schema: ${formatPath(fault.path)} ${fault.message}`.trim()
}

function show(value: unknown): string {
  if (value === undefined) return 'nothing'
  // What a model answers may be nested without end.
  return 'copy' in plainCopy(value) ? JSON.stringify(value) : showValue(value)
}
