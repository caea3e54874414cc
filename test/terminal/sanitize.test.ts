import * as assert from 'uvu/assert'
import {printableJson, sanitize, sanitizeLine} from '../../src/terminal/sanitize.js'
import {suite} from '../support/suite.js'

const test = suite('text for a terminal')

const cases: [what: string, text: string, shown: string][] = [
  ['letters, newlines and tabs stay', 'Grüße,\n\t世界 🙂', 'Grüße,\n\t世界 🙂'],
  ['escape sequences are shown', '\u001b[2J\u001b]0;title\u0007', '␛[2J␛]0;title␇'],
  ['C1 controls count as escape', 'a\u009b31mb', 'a␛31mb'],
  ['carriage returns go, so that nothing is written over', 'safe\revil\r\n', 'safeevil\n'],
  ['backspace, NUL and delete are shown', 'a\u0008\u0000\u007f', 'a␈␀␡'],
]
for (const [what, text, shown] of cases) test(what, () => assert.is(sanitize(text), shown))

test('pieces are shown as the whole is', () => {
  const text = 'x\u001b[31my\r\nz'
  assert.is(Array.from(text, sanitize).join(''), sanitize(text))
})

test('a line stays one line', () => {
  assert.is(sanitizeLine('a\n\u001b[1mb\r\n'), 'a ⏎ ␛[1mb ⏎ ')
})

test('JSON has escapes for every control character, and the same value', () => {
  const value = {'k\u009b': ['\u001b[2J', '\u007f', '\u0080', 'é']}
  for (const indent of [0, 2]) {
    const json = printableJson(value, indent)
    assert.not.match(json, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/)
    assert.equal(JSON.parse(json), value)
  }
})
