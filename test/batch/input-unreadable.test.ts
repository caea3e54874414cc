import * as assert from 'uvu/assert'
import {readCsv} from '../../src/batch/input/csv.js'
import type {InputRecord} from '../../src/batch/input/record.js'
import {suite} from '../support/suite.js'
import {brief, readFile} from './support/read-input.js'

const test = suite('records of a CSV file that cannot be read')

const faultOf = (record: InputRecord | undefined): string =>
  record !== undefined && 'fault' in record.content ? record.content.fault : ''

const neverClosed = 'This record and all after it cannot be read: a quote that it opens is never closed.'

test('a quote that is never closed makes the rest one unreadable record', async (t) => {
  const records = await readFile(t, 'a.csv', 'p\na\n"b\nc\n')
  assert.equal(brief(records.slice(0, 1)), [[2, {p: 'a'}]])
  assert.is(records[1]?.line, 3)
  assert.is(faultOf(records[1]), neverClosed)
})

test('a record that is too long makes the rest one unreadable record', async (t) => {
  const records = await readFile(t, 'a.csv', `p\r\n"a\r\nb"\r\n"${'c\r\n'.repeat(6 * 1024 ** 2)}"\r\nd\r\n`)
  assert.equal(brief(records), [
    [2, {p: 'a\r\nb'}],
    [4, 'This record and all after it cannot be read: it has more than 16777216 bytes.'],
  ])
})

test('the line of a quote that is never closed is that of its record, with any line ends', async (t) => {
  for (const end of ['\n', '\r\n', '\r']) {
    const text = ['id,p', '1,"a', 'b"', '2,"c', 'd', ''].join(end)
    const records = await readFile(t, 'a.csv', text)
    assert.equal(
      records.map(({line}) => line),
      [2, 4],
    )
    assert.is(faultOf(records[1]), neverClosed)
  }
})

test('records before a quote that is never closed are read, also when nobody waits for them yet', async () => {
  async function* chunks(): AsyncGenerator<Buffer> {
    yield await Promise.resolve(Buffer.from('p\na\nb\n"c\nd\n'))
  }
  const records = readCsv(chunks())
  const found: InputRecord[] = []
  for await (const record of records) {
    found.push(record)
    // An answer takes longer than reading the rest.
    await new Promise((resolve) => setImmediate(resolve))
  }
  assert.equal(brief(found.slice(0, 2)), [
    [2, {p: 'a'}],
    [3, {p: 'b'}],
  ])
  assert.equal([found.length, found[2]?.line], [3, 4])
  assert.match(faultOf(found[2]), /This record and all after it cannot be read: .*quote/i)
})

test('records before one that is too long are read', async () => {
  async function* chunks(): AsyncGenerator<Buffer> {
    yield await Promise.resolve(Buffer.concat([Buffer.from('p\na\n'), Buffer.alloc(17 * 1024 ** 2, 'x')]))
    yield Buffer.from('\nb\n')
  }
  const found: InputRecord[] = []
  for await (const record of readCsv(chunks())) found.push(record)
  assert.equal(brief(found.slice(0, 1)), [[2, {p: 'a'}]])
  assert.equal([found.length, found[1]?.line], [2, 3])
  assert.match(faultOf(found[1]), /This record and all after it cannot be read: it has more than \d+ bytes\./)
})
