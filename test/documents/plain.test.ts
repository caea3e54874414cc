import {isDeepStrictEqual} from 'node:util'
import * as assert from 'uvu/assert'
import {bounds, excessOfText, parseText, plainCopy, DocumentError} from '../../src/documents/index.js'
import {excessive, strange, unwritable} from '../support/odd-values.js'
import {suite} from '../support/suite.js'

const test = suite('bounds of values')

const fault = (value: unknown): string => {
  const plain = plainCopy(value)
  return 'copy' in plain ? 'none' : `${plain.path.join('.')}: ${plain.message}`
}
const nested = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels)

test('a copy has everything that the value has', () => {
  const value = {a: [1, null, 'x', true, {b: []}], c: undefined, d: {}}
  assert.equal(plainCopy(value), {copy: value})
  for (const simple of ['', 0, null, undefined, Number.NaN]) assert.equal(plainCopy(simple), {copy: simple})
})

test('a copy has a key named __proto__ as its own', () => {
  const value: unknown = JSON.parse('{"a": {"__proto__": {"b": 1}}}')
  const plain = plainCopy(value)
  assert.is(JSON.stringify('copy' in plain && plain.copy), JSON.stringify(value))
})

test('the same object may be there twice', () => {
  const shared = {a: 1}
  assert.equal(plainCopy([shared, shared]), {copy: [{a: 1}, {a: 1}]})
})

for (const {what, value} of [...excessive, ...unwritable]) {
  test(`${what} is no plain value, and the place is told`, () => {
    assert.is.not(fault(value()), 'none')
    assert.match(fault({outer: [value()]}), /^outer\.0/)
  })
}

for (const {what, value} of strange) {
  test(`${what} is a plain value`, () => assert.ok(isDeepStrictEqual(plainCopy(value()), {copy: value()})))
}

test('as deep as allowed is allowed, and one more is not', () => {
  assert.is(excessOfText(nested(bounds.levels)), undefined)
  assert.is(fault(JSON.parse(nested(bounds.levels))), 'none')
  assert.equal(excessOfText(nested(bounds.levels + 1)), {which: 'levels', offset: bounds.levels, field: undefined})
  assert.match(
    fault(JSON.parse(nested(bounds.levels + 1))),
    /: is nested more than 100 levels deep, or contains itself$/,
  )
})

test('a text names the field in which it exceeds the bounds', () => {
  assert.equal(excessOfText(`{"a": {"x": 1}, "b\\"": ${nested(100)}}`)?.field, 'b"')
  assert.equal(excessOfText(`[{"a": ${nested(100)}}]`)?.field, undefined)
})

test('brackets, colons and commas in strings do not count', () => {
  for (const text of ['['.repeat(200_000), ':'.repeat(200_000), ',"'.repeat(800_000), '\\[{'.repeat(200_000), '"\\']) {
    assert.is(excessOfText(JSON.stringify({a: [text], b: 1})), undefined)
    assert.is(excessOfText(`[${JSON.stringify(text)},${nested(100)}]`)?.which, 'levels')
  }
})

test('every escape in a string is understood, near its start and far', () => {
  for (let length = 0; length < 200; length += 13) {
    for (const end of ['\\', '\\\\', '"', '\\"', '\\\\"[', '"\\', '""[[']) {
      const text = 'x'.repeat(length) + end
      assert.is(excessOfText(`[${JSON.stringify(text + text)},${nested(99)}]`), undefined)
      assert.is(excessOfText(`[${JSON.stringify(text + text)},${nested(100)}]`)?.which, 'levels')
    }
  }
})

test('many long strings, with and without escapes, are passed in a time of their length', () => {
  const size = 2_000_000
  const texts = [
    `["${'x'.repeat(200)}"`,
    `["${'x'.repeat(100)}\\n${'x'.repeat(100)}"`,
    `["${'\\"'.repeat(100)}"`,
    `["${'\\\\'.repeat(100)}"`,
  ]
  for (const text of texts) {
    const whole = `${text}${`,${text.slice(1)}`.repeat(size / 200)}]`
    const started = performance.now()
    assert.is(excessOfText(whole), undefined)
    // Once for each string to the end of the text would be minutes.
    assert.ok(performance.now() - started < 2000, `${performance.now() - started} ms`)
  }
})

test('a text without an end has an end', () => {
  for (const text of ['"', '"\\', `"${'x'.repeat(1000)}`, `"${'x'.repeat(1000)}\\`, '{"a', '']) {
    assert.is(excessOfText(text), undefined)
  }
})

for (const {what, json = ''} of excessive) {
  test(`a document with ${what} has a mistake with a line`, () => {
    assert.throws(
      () => parseText(`{"a": 1,\n "b": ${json}}`),
      (error: unknown) =>
        error instanceof DocumentError &&
        /^2:\d+ b: (?:is nested|has) .*more/.test(error.message) &&
        error.message.length < 500,
    )
  })
}

test('a YAML document that is nested deeply, or grows by its aliases, has a mistake', () => {
  const block = Array.from({length: 150}, (_, level) => `${' '.repeat(level)}a:`).join('\n')
  assert.throws(() => parseText(block), /is nested more than 100 levels deep/)
  const chain = Array.from({length: 120}, (_, n) => (n === 0 ? 'a0: &a0 [1]' : `a${n}: &a${n} [*a${n - 1}]`)).join('\n')
  assert.throws(() => parseText(chain), /nested more than 100 levels deep|expands too many aliases/)
})
