import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import * as assert from 'uvu/assert'
import {BatchOutput, type OutputOptions} from '../../src/batch/output/batch-output.js'
import {LineSet} from '../../src/batch/output/line-set.js'
import {readRow} from '../../src/batch/output/row.js'
import {rejects, thrownBy} from '../support/rejects.js'
import {suite, type TestContext} from '../support/suite.js'
import {temporaryFolder} from '../support/temporary-folder.js'

const test = suite('output of a batch')

const fresh: OutputOptions = {resume: false, overwrite: false, retryErrors: false}
const resume: OutputOptions = {...fresh, resume: true}
const run = {input: {bytes: 3, sha256: 'abc'}, settings: {'sampling.temp': 0, template: null}}

const row = (line: number, failed = false): string =>
  `${JSON.stringify({id: `i${line}`, line, ...(failed ? {error: {code: 'timeout'}} : {text: '…'})})}\n`

/** Opens, adds rows, closes; gives what was there before. */
async function write(
  file: string,
  rows: readonly string[],
  options = fresh,
  of = run,
): Promise<{lines: number[]; failed: number}> {
  await using output = await BatchOutput.open(file, options)
  const {done, failed} = output.begin(of)
  for (const each of rows) output.append(each)
  return {lines: Array.from({length: 100}, (_, line) => line).filter((line) => done.has(line)), failed}
}

const fileIn = (t: TestContext): string => path.join(temporaryFolder(t), 'rows.jsonl')

test('has the rows, and beside it what they depend on', async (t) => {
  const file = fileIn(t)
  await write(file, [row(1), row(2)])
  assert.is(readFileSync(file, 'utf8'), row(1) + row(2))
  assert.equal(JSON.parse(readFileSync(`${file}.meta.json`, 'utf8')), {version: 1, ...run, complete: false})
  assert.not.ok(existsSync(`${file}.lock`))
})

test('an output is continued, and a torn row is dropped, however much of it there is', async (t) => {
  const file = fileIn(t)
  await write(file, [row(1), row(3, true)])
  for (const torn of ['{"id', row(2).trim(), '\0\0']) {
    appendFileSync(file, torn)
    assert.equal(await write(file, [], resume), {lines: [1, 3], failed: 1})
    assert.is(readFileSync(file, 'utf8'), row(1) + row(3, true))
  }
  await write(file, [row(2)], resume)
  assert.is(readFileSync(file, 'utf8'), row(1) + row(3, true) + row(2))
})

test('is begun by --resume where there is nothing to go on with', async (t) => {
  const file = fileIn(t)
  assert.equal(await write(file, [row(1)], resume), {lines: [], failed: 0})
  assert.is(readFileSync(file, 'utf8'), row(1))
})

test('drops the rows that failed when they are to be tried again, and keeps who may read it', async (t) => {
  const file = fileIn(t)
  await write(file, [row(1), row(2, true), row(3), row(4, true)])
  const {mode} = statSync(file)
  assert.equal(await write(file, [row(4)], {...resume, retryErrors: true}), {lines: [1, 3], failed: 0})
  assert.is(readFileSync(file, 'utf8'), row(1) + row(3) + row(4))
  assert.is(statSync(file).mode, mode)
})

test('is never written over by accident', async (t) => {
  const file = fileIn(t)
  await write(file, [row(1)])
  const error = await rejects(write(file, []), 'invalid_argument', /exists and has \d+ bytes/)
  assert.match(error.hint ?? '', /--resume.*--overwrite/)
  assert.is(readFileSync(file, 'utf8'), row(1))
  await write(file, [row(2)], {...fresh, overwrite: true})
  assert.is(readFileSync(file, 'utf8'), row(2))
})

test('an empty file is as good as none', async (t) => {
  const file = fileIn(t)
  writeFileSync(file, '')
  await write(file, [row(1)])
  assert.is(readFileSync(file, 'utf8'), row(1))
})

test('refuses to go on with other input or settings, and says what changed', async (t) => {
  const file = fileIn(t)
  await write(file, [row(1)])
  const before = readFileSync(file, 'utf8')
  const others: [of: typeof run, message: RegExp][] = [
    [{...run, input: {bytes: 3, sha256: 'abd'}}, /cannot be resumed: the contents of the input changed\.$/],
    [{...run, settings: {...run.settings, 'sampling.temp': 1}}, /cannot be resumed: sampling\.temp was 0 and is 1\.$/],
  ]
  for (const [of, message] of others) await rejects(write(file, [], resume, of), 'invalid_argument', message)
  assert.is(readFileSync(file, 'utf8'), before)
})

test('refuses to go on without its record, with a damaged one, and with what are no rows', async (t) => {
  const file = fileIn(t)
  writeFileSync(file, row(1))
  await rejects(
    write(file, [], resume),
    'invalid_argument',
    /meta\.json.* cannot be read: there is no such file or folder\.$/,
  )
  writeFileSync(`${file}.meta.json`, '{')
  await rejects(write(file, [], resume), 'invalid_argument', /meta\.json.* is damaged/)
  for (const other of ['null', '{"version": 1, "settings": null}', '{"version": 2, "settings": {}}']) {
    writeFileSync(`${file}.meta.json`, other)
    await rejects(write(file, [], resume), 'invalid_argument', /meta\.json.* has another version/)
  }
  writeFileSync(`${file}.meta.json`, JSON.stringify({version: 1, ...run}))
  appendFileSync(file, 'a line of another kind\n')
  await rejects(write(file, [], resume), 'invalid_argument', /rows\.jsonl:2 is not a row of a batch/)
})

test('an output with doubtful rows cannot be resumed', async (t) => {
  const file = fileIn(t)
  {
    await using output = await BatchOutput.open(file, fresh)
    output.begin(run)
    output.append(row(1))
    output.doubt('The input was changed.')
  }
  await rejects(write(file, [], resume), 'invalid_argument', /says that rows may be wrong: "The input was changed\."/)
  assert.equal(await write(file, [row(2)], {...fresh, overwrite: true}), {lines: [], failed: 0})
  assert.equal(await write(file, [], resume), {lines: [2], failed: 0})
})

test('is not begun anew by --resume where only its rows are gone', async (t) => {
  const file = fileIn(t)
  await write(file, [row(1)])
  rmSync(file)
  await rejects(
    write(file, [], resume),
    'invalid_argument',
    /rows\.jsonl is missing, but its record .*meta\.json is there/,
  )
  assert.equal(await write(file, [row(2)], {...fresh, overwrite: true}), {lines: [], failed: 0})
})

const changes: [what: string, change: (file: string, link: string) => void, message: RegExp][] = [
  ['deleted', (file) => rmSync(file), /was deleted or renamed during the run/],
  ['renamed', (file) => renameSync(file, `${file}.old`), /was deleted or renamed during the run/],
  [
    'replaced',
    (file) => {
      writeFileSync(`${file}.other`, row(1))
      renameSync(`${file}.other`, file)
    },
    /was replaced by another file during the run/,
  ],
  [
    'hidden behind a link that leads elsewhere',
    (file, link) => {
      writeFileSync(`${file}.other`, row(1))
      rmSync(link)
      symlinkSync(`${file}.other`, link)
    },
    /was replaced by another file during the run/,
  ],
  ['emptied', (file) => truncateSync(file), /was changed by another program: it has \d+ bytes instead of \d+ during/],
  ['written to', (file) => appendFileSync(file, 'x'), /was changed by another program: it has \d+ bytes instead of/],
]
for (const [what, change, message] of changes) {
  test(`is not complete, and takes no further row, when somebody has ${what} it`, async (t) => {
    const file = fileIn(t)
    const link = path.join(path.dirname(file), 'link.jsonl')
    writeFileSync(file, '')
    symlinkSync(file, link)
    await using output = await BatchOutput.open(link, fresh)
    output.begin(run)
    output.append(row(1))
    change(file, link)
    assert.throws(() => output.complete(), message)
    assert.throws(() => output.append(row(2)), message)
    assert.is((JSON.parse(readFileSync(`${file}.meta.json`, 'utf8')) as {complete: boolean}).complete, false)
  })
}

test('takes one batch at a time, by whatever name', async (t) => {
  const file = fileIn(t)
  await write(file, [row(1)])
  const link = path.join(path.dirname(file), 'link.jsonl')
  symlinkSync(file, link)
  {
    await using open = await BatchOutput.open(file, resume)
    open.begin(run)
    for (const name of [file, link]) {
      await rejects(BatchOutput.open(name, resume), 'invalid_argument', /^Another batch is writing to /)
    }
  }
  await write(link, [row(2)], resume)
  assert.is(readFileSync(file, 'utf8'), row(1) + row(2))
})

test('refuses what cannot be written, before anything is answered', async (t) => {
  const folder = temporaryFolder(t)
  mkdirSync(path.join(folder, 'folder.jsonl'))
  await rejects(
    BatchOutput.open(path.join(folder, 'none', 'rows.jsonl'), fresh),
    'invalid_argument',
    /cannot be written: there is no such file or folder\.$/,
  )
  await rejects(BatchOutput.open(path.join(folder, 'folder.jsonl'), fresh), 'invalid_argument', /not a regular file/)
  await rejects(BatchOutput.open('/dev/null', fresh), 'invalid_argument', /not a regular file/)
  const error = await thrownBy(BatchOutput.open('/proc/rows.jsonl', fresh))
  assert.match(String(error), /cannot be/)
})

test('reads rows of both forms back', () => {
  assert.equal(readRow(row(3)), {line: 3, failed: false})
  assert.equal(readRow(row(3, true)), {line: 3, failed: true})
  assert.equal(readRow('{"id":"batch_req_7","custom_id":"a","error":null}'), {line: 7, failed: false})
  assert.equal(readRow('{"id":"batch_req_7","custom_id":"a","error":{}}'), {line: 7, failed: true})
  for (const text of ['', '1', 'null', '{}', '{"line":0}', '{"line":"1"}', '{"id":"x","custom_id":"a"}', '{"line":1'])
    assert.is(readRow(text), undefined, text)
})

test('a set of lines has what was added', () => {
  const set = new LineSet()
  for (const line of [1, 8, 9, 100_000, 8]) set.add(line)
  assert.equal(
    [1, 2, 7, 8, 9, 99_999, 100_000, 10_000_000].filter((line) => set.has(line)),
    [1, 8, 9, 100_000],
  )
  assert.is(set.size, 4)
  const other = new LineSet()
  for (const line of [8, 9, 10, 1_000_000]) other.add(line)
  assert.equal([set.sharedWith(other), other.sharedWith(set), set.sharedWith(new LineSet())], [2, 2, 0])
})
