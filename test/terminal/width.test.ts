import * as assert from 'uvu/assert'
import {table} from '../../src/terminal/units.js'
import {cutToWidth, textWidth} from '../../src/terminal/width.js'
import {suite} from '../support/suite.js'

const test = suite('columns of a terminal')

const widths: [text: string, columns: number][] = [
  ['', 0],
  ['abc', 3],
  ['café', 4],
  ['cafe\u0301', 4],
  ['漢字', 4],
  ['ｶﾅ', 2],
  ['🙂', 2],
  ['❤', 1],
  ['❤\ufe0f', 2],
  ['a\u200bb', 2],
  ['␛[2J', 4],
]
for (const [text, columns] of widths) {
  test(`${JSON.stringify(text)} takes ${columns}`, () => assert.is(textWidth(text), columns))
}

test('a text is cut between characters, marks included', () => {
  assert.is(cutToWidth('漢字', 3), '漢')
  assert.is(cutToWidth('e\u0301e\u0301', 1), 'e\u0301')
  assert.is(cutToWidth('abc', 0), '')
  assert.is(cutToWidth('abc', -1), '')
})

test('a table with wide characters is aligned', () => {
  const rows = [
    ['模型', 'x'],
    ['model', 'y'],
  ]
  assert.equal(table(rows), ['模型   x', 'model  y'])
})
