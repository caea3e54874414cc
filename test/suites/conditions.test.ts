import * as assert from 'uvu/assert'
import {checkCondition, checkFields} from '../../src/suites/conditions.js'
import type {Condition} from '../../src/suites/schema/condition.js'
import {suite} from '../support/suite.js'

const test = suite('conditions')

/** A value that the schema would not allow, as it stands in a condition once variables are filled in. */
function fromVariable(value: unknown): Condition {
  return value as Condition
}

const holding: [unknown, Condition][] = [
  [25, 25],
  ['a', 'a'],
  [null, null],
  [
    [1, {a: 2}],
    [1, {a: 2}],
  ],
  [{a: 1, b: 2}, {equals: {b: 2, a: 1}}],
  [1, {not_equals: 2}],
  ['banana', {contains: 'nan'}],
  ['banana', {contains: ['ba', 'na']}],
  [['a', 'b'], {contains: 'b'}],
  [[{id: 1, name: 'x'}], {contains: {id: 1}}],
  [[{id: 1, list: [1]}], {contains: {list: [1]}}],
  ['banana', {not_contains: ['x', 'y']}],
  [[{id: 1}], {not_contains: {id: 2}}],
  ['v0.5.0', {matches: '^v\\d'}],
  ['abc', {not_matches: '\\d'}],
  ['abc', {starts_with: 'ab', ends_with: 'c'}],
  [5, {min: 5, max: 5}],
  [104, {near: {value: 100, percent: 5}}],
  ['👩‍👩‍👧', {min_length: 1, max_length: 1}],
  [[1, 2], {min_length: 2}],
  ['b', {one_of: ['a', 'b']}],
  [0, {exists: true}],
  [undefined, {exists: false}],
  [null, {exists: false}],
  [[1, 2], {every: {min: 1}}],
  [[1, 2], {some: {min: 2}}],
  [[], {every: {min: 1}}],
  [{a: {b: [7]}}, {fields: {'a.b.0': 7, 'a.b.length': 1}}],
  ['{"city": "Rome"}', {json_schema: {type: 'object', required: ['city']}}],
  [{city: 'Rome'}, {json_schema: {type: 'object', required: ['city']}}],
  // What came out of a variable is a value, not operators.
  [{a: 1}, fromVariable({a: 1})],
  [{}, fromVariable({})],
]

const failing: [unknown, Condition][] = [
  [25, 26],
  ['25', 25],
  [undefined, null],
  [[1], [1, 2]],
  [{a: 1}, {equals: {a: 1, b: 2}}],
  [1, {not_equals: 1}],
  ['banana', {contains: ['ba', 'x']}],
  [7, {contains: 7}],
  [undefined, {contains: 'a'}],
  [[{id: 1}], {contains: {id: 1, name: 'x'}}],
  ['banana', {not_contains: ['x', 'nan']}],
  // A text that is not there contains nothing, but proves nothing either.
  [undefined, {not_contains: 'x'}],
  [undefined, {not_matches: 'x'}],
  ['abc', {matches: '^b'}],
  ['abc', {not_matches: 'b'}],
  ['abc', {starts_with: 'b'}],
  ['abc', {ends_with: 'b'}],
  [4, {min: 5}],
  ['6', {max: 7}],
  [undefined, {max: 7}],
  [Number.NaN, {max: 7}],
  [106, {near: {value: 100, percent: 5}}],
  ['', {min_length: 1}],
  ['ab', {max_length: 1}],
  [7, {max_length: 1}],
  ['c', {one_of: ['a', 'b']}],
  [null, {exists: true}],
  [0, {exists: false}],
  [[1, 0], {every: {min: 1}}],
  [1, {every: {min: 1}}],
  [[1, 0], {some: {min: 2}}],
  [undefined, {some: {min: 2}}],
  [{a: 1}, {fields: {a: 2}}],
  ['not json', {json_schema: {type: 'object'}}],
  ['{"city": 1}', {json_schema: {type: 'object', properties: {city: {type: 'string'}}}}],
]

for (const [actual, condition] of holding) {
  test(`${JSON.stringify(actual)} satisfies ${JSON.stringify(condition)}`, () => {
    assert.equal(checkCondition(actual, condition), [])
  })
}

for (const [actual, condition] of failing) {
  test(`${JSON.stringify(actual)} does not satisfy ${JSON.stringify(condition)}`, () => {
    assert.ok(checkCondition(actual, condition).length > 0)
  })
}

test('every operator that fails is reported, with the path to it', () => {
  const mismatches = checkFields({a: {b: 1}}, {'a.b': {min: 2, max: 0}, c: {fields: {d: 1}}})
  assert.equal(
    mismatches.map(({path, expected, actual}) => [path.join(' '), expected, actual]),
    [
      ['a.b min', 'at least 2', 1],
      ['a.b max', 'at most 0', 1],
      ['c fields d', '1', undefined],
    ],
  )
})
