import * as assert from 'uvu/assert'
import type {InputRecord} from '../../src/batch/input/record.js'
import {IdTable} from '../../src/batch/items/id-table.js'
import {suite} from '../support/suite.js'
import {faultOf, read, readRecords} from './support/read-items.js'

const test = suite('ids of a batch')

test('ids are the lines where there are none, and no two of the input may be one', async () => {
  const items = await read([
    {prompt: 'a'},
    {id: 'x', prompt: 'b'},
    {id: 'x', prompt: 'c'},
    {id: 7, prompt: 'd'},
    {custom_id: 'y', url: '/v1/completions', body: {prompt: 'e'}},
    {id: 'y', prompt: 'f'},
    {prompt: 'g'},
  ])
  assert.equal(
    items.map(({id}) => id),
    ['1', 'x', 'x', '7', 'y', 'y', null],
  )
  assert.equal(
    items.map((item) => faultOf(item)?.message),
    [
      ...[undefined, undefined, 'Line 2 has the same id, "x".', undefined, undefined],
      ...['Line 5 has the same id, "y".', undefined],
    ],
  )
})

test('what cannot be read has no id, unless its own is known, and takes none from another', async () => {
  const items = await readRecords([
    {line: 2, content: {fault: 'broken'}},
    {line: 3, content: {value: {id: '2', prompt: 'a'}}},
    {line: 4, content: {value: {id: {}, prompt: 'b'}}},
    {line: 5, content: {value: {id: 4, prompt: 'c'}}},
    {line: 6, content: {value: {custom_id: 7, url: '/v1/completions', body: {prompt: 'd'}}}},
    {line: 7, content: {value: {id: '6', prompt: 'e'}}},
    {line: 8, content: {fault: 'broken', id: 'own'}},
    {line: 9, content: {value: {id: 'own', prompt: 'f'}}},
  ])
  assert.equal(
    items.map((item) => [item.id, faultOf(item)?.message.slice(0, 25)]),
    [
      [null, 'broken'],
      ['2', undefined],
      [null, 'id: must be a string or a'],
      ['4', undefined],
      [null, 'custom_id: must be a non-'],
      ['6', undefined],
      ['own', 'broken'],
      ['own', 'Line 8 has the same id, "'],
    ],
  )
})

test('the hint of a record that cannot be read is in its row', async () => {
  const [item] = await readRecords([{line: 1, content: {fault: 'Broken.', hint: 'Fix it.'}}])
  assert.is(item && faultOf(item)?.hint, 'Fix it.')
})

test('an id of the input wins over a line number, wherever it stands', async () => {
  const records: InputRecord[] = [
    {line: 1, content: {value: 'a'}},
    {line: 2, content: {value: {id: 1, prompt: 'b'}}},
    {line: 3, content: {value: {id: 4, prompt: 'c'}}},
    {line: 4, content: {value: 'd'}},
    {line: 5, content: {value: 'e'}},
    {line: 6, content: {value: {id: 1, prompt: 'f'}}},
  ]
  const ids = new IdTable()
  const repeated = 'Line 2 has the same id, "1".'
  const first = await readRecords(records, {}, ids)
  assert.equal(
    first.map((item) => [item.id, faultOf(item)?.message]),
    [
      ['1', undefined],
      ['1', undefined],
      ['4', undefined],
      [null, undefined],
      ['5', undefined],
      ['1', repeated],
    ],
    'read once, as standard input is',
  )
  const again = await readRecords(records, {}, ids)
  assert.equal(
    again.map((item) => [item.id, faultOf(item)?.message]),
    [
      [null, undefined],
      ['1', undefined],
      ['4', undefined],
      [null, undefined],
      ['5', undefined],
      ['1', repeated],
    ],
    'after all of it was read',
  )
})

test('the table of ids finds each of many, and no other', () => {
  const table = new IdTable()
  for (let n = 1; n <= 20_000; n++) assert.is(table.claim(`id ${n}`, n), undefined)
  for (let n = 1; n <= 20_000; n += 7) assert.is(table.claim(`id ${n}`, 99_999), n)
  assert.equal([table.lineOf('id 700'), table.lineOf('id 0')], [700, undefined])
})
