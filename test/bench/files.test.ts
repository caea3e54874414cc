import {appendFileSync, existsSync, readdirSync, readFileSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import * as assert from 'uvu/assert'
import {
  appendHistory,
  checkHistory,
  checkOutput,
  readHistory,
  readResult,
  writeReport,
  writeResult,
} from '../../src/bench/files.js'
import {rejects} from '../support/rejects.js'
import {suite} from '../support/suite.js'
import {temporaryFolder} from '../support/temporary-folder.js'
import {resultOf, seriesOf} from './support/result.js'

const test = suite('files of wnn bench')
const unexpected = (text: string): never => {
  throw new Error(text)
}
const result = resultOf([seriesOf('A', 'tg', [1, 2, 3])])

test("a file's name says its form, and --format overrides it", async (t) => {
  const file = (name: string): string => path.join(temporaryFolder(t), name)
  for (const [name, format] of [
    ['a.json', 'json'],
    ['a.MD', 'md'],
    ['a.markdown', 'md'],
    ['a.csv', 'csv'],
    ['a.html', 'html'],
    ['a.htm', 'html'],
  ] as const) {
    assert.is((await checkOutput(file(name), undefined)).format, format)
  }
  assert.is((await checkOutput(file('a.txt'), 'csv')).format, 'csv')
  await rejects(checkOutput(file('a.txt'), undefined), 'invalid_argument', /does not show the format/)
})

test('a file that cannot be written is refused before the run', async () => {
  await rejects(checkOutput('/no/such/folder/a.json', undefined), 'invalid_argument', /cannot be written/)
  await rejects(checkHistory('/dev/null/x'), 'invalid_argument', /--history .* cannot be written/)
})

test('a history grows by a line a run, without raw samples', async (t) => {
  const folder = path.join(temporaryFolder(t), 'new')
  await checkHistory(folder)
  const sample = {subject: 'A', test: 'tg128', repetition: 1, at_ms: 0, metrics: {tg: 1}, requests: []}
  await appendHistory({...result, samples: [sample]}, folder)
  await appendHistory(result, folder)
  assert.equal(readHistory(folder, unexpected), [result, result])
  assert.is(readFileSync(path.join(folder, 'history.jsonl'), 'utf8').trimEnd().split('\n').length, 2)
})

test('a torn line and one of another version are told and left out, and what comes behind them is kept', async (t) => {
  const folder = temporaryFolder(t)
  await appendHistory(result, folder)
  appendFileSync(path.join(folder, 'history.jsonl'), '{"format": "other"}\n{"format": "wnn-be')
  await appendHistory(result, folder)
  const told: string[] = []
  assert.equal(
    readHistory(folder, (text) => told.push(text)),
    [result, result],
  )
  assert.is(told.length, 2)
  assert.match(told[0] ?? '', /history\.jsonl, line 2, is not a result of this version of wnn bench\. It is skipped\.$/)
  assert.match(told[1] ?? '', /history\.jsonl, line 3, is not valid JSON: .* It is skipped\.$/)
  assert.throws(() => readHistory(path.join(folder, 'none'), unexpected), /cannot be read/)
})

test('whether a file can be written is found out without making it', async (t) => {
  const folder = temporaryFolder(t)
  const [fresh, old] = [path.join(folder, 'fresh.json'), path.join(folder, 'old.json')]
  writeFileSync(old, 'kept')
  for (const file of [fresh, old]) await checkOutput(file, undefined)
  await checkHistory(folder)
  assert.equal([readdirSync(folder), readFileSync(old, 'utf8')], [['old.json'], 'kept'])
})

test('a full disk is a runtime_error that names the file', async () => {
  await rejects(
    writeResult(result, {file: '/dev/full', format: 'json'}),
    'runtime_error',
    /\/dev\/full cannot be written/,
  )
})

test('what is no JSON says so, and nothing of YAML', (t) => {
  const file = path.join(temporaryFolder(t), 'a.json')
  writeFileSync(file, 'date,subject\n1,2\n')
  assert.throws(() => readResult(file), /a\.json is not valid JSON: Unexpected token/)
})

test('a result is read back as it was', (t) => {
  const file = path.join(temporaryFolder(t), 'a.json')
  writeFileSync(file, JSON.stringify(result))
  assert.equal(readResult(file), result)
})

test('runs over time are written as HTML, and under no name of another form', async (t) => {
  const folder = temporaryFolder(t)
  const page = path.join(folder, 'runs.html')
  await writeReport([result, result], page)
  assert.match(readFileSync(page, 'utf8'), /^<!doctype html>[^]*<\/html>\n$/)
  const json = path.join(folder, 'runs.json')
  await rejects(writeReport([result], json), 'invalid_argument', /a history report is always HTML/)
  assert.not.ok(existsSync(json))
  await rejects(writeReport([result], path.join(folder, 'no', 'a.html')), 'invalid_argument', /cannot be written/)
})
