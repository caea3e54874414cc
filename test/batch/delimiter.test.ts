import * as assert from 'uvu/assert'
import {readCsv} from '../../src/batch/input/csv.js'
import {parseDelimiter} from '../../src/batch/input/delimiter.js'
import type {InputRecord} from '../../src/batch/input/record.js'
import {rejects} from '../support/rejects.js'
import {suite} from '../support/suite.js'
import {brief} from './support/read-input.js'

const test = suite('delimiters of a batch input')

async function read(text: string, delimiter?: string, size = text.length): Promise<unknown> {
  const bytes = Buffer.from(text)
  async function* chunks(): AsyncGenerator<Buffer> {
    for (let at = 0; at < bytes.length; at += size) yield await Promise.resolve(bytes.subarray(at, at + size))
  }
  const records: InputRecord[] = []
  for await (const record of readCsv(chunks(), 'a.csv', delimiter)) records.push(record)
  return brief(records)
}

const rows = (line: number): unknown => [
  [line, {id: '1', p: 'a, b'}],
  [line + 1, {id: '2', p: 'c;\td'}],
]

test('reads fields between other characters', async () => {
  assert.equal(await read('id;p\n1;a, b\n2;"c;\td"\n', ';'), rows(2))
  assert.equal(await read('id\tp\r\n1\ta, b\r\n2\t"c;\td"\r\n', '\t'), rows(2))
  assert.equal(await read('id|p\n1|a, b\n2|c;\td', '|'), rows(2))
})

test('reads the first line of Excel, however it is cut', async () => {
  for (const [text, line] of [
    ['sep=;\r\nid;p\r\n1;a, b\r\n2;"c;\td"\r\n', 3],
    ['SEP=\t\nid\tp\n1\ta, b\n2\t"c;\td"\n', 3],
    ['sep=,\n\nid,p\n1,"a, b"\n2,c;\td\n', 4],
  ] as const) {
    for (const size of [1, 3, 6, 100]) assert.equal(await read(text, undefined, size), rows(line), `${text} by ${size}`)
  }
  assert.equal(await read('sep=,\nid;p\n1;a, b\n2;"c;\td"\n', ';'), rows(3), 'the flag wins')
  assert.equal(await read('sep=,\n'), [])
  assert.equal(await read('sep=,x\na\n1\n'), [
    [2, 'The record has 1 field, but the first line names 2 columns.'],
    [3, 'The record has 1 field, but the first line names 2 columns.'],
  ])
})

test('names the flag for a file that needs it', async () => {
  for (const [text, delimiter, called, flag] of [
    ['id;p\n1;2\n', undefined, 'semicolons', "';'"],
    ['id\tp\n1\t2\n', undefined, 'tabs', 'tab'],
    ['id,p\n1,2\n', ';', 'commas', "','"],
  ] as const) {
    const error = await rejects(read(text, delimiter), 'invalid_argument', new RegExp(`separated by ${called}`))
    assert.is(error.hint, `Read the file with --delimiter ${flag}.`)
  }
})

test('the flag is one character or tab, and for CSV files', () => {
  assert.equal(
    [';', 'tab', 'TAB', '\\t', '\t', '|'].map((flag) => parseDelimiter(flag, 'a.CSV')),
    [';', '\t', '\t', '\t', '\t', '|'],
  )
  for (const flag of ['', ';;', '"', '\n', 'semicolon']) {
    assert.throws(() => parseDelimiter(flag, 'a.csv'), /--delimiter must be one character/)
  }
  assert.throws(() => parseDelimiter(';', 'a.jsonl'), /--delimiter is for \.csv files/)
  assert.throws(() => parseDelimiter(';', '-'), /--delimiter is for \.csv files/)
})
