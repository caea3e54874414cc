import {execFileSync} from 'node:child_process'
import {writeFileSync} from 'node:fs'
import path from 'node:path'
import * as assert from 'uvu/assert'
import type {NnError} from '../../src/errors.js'
import {readLines} from '../../src/batch/input/lines.js'
import {openInput} from '../../src/batch/input/open-input.js'
import type {InputRecord} from '../../src/batch/input/record.js'
import {rejects} from '../support/rejects.js'
import {suite, type TestContext} from '../support/suite.js'
import {temporaryFolder} from '../support/temporary-folder.js'

const test = suite('input of a batch')

async function readFile(t: TestContext, name: string, contents: string | Buffer): Promise<InputRecord[]> {
  const file = path.join(temporaryFolder(t), name)
  writeFileSync(file, contents)
  using input = openInput(file)
  const records: InputRecord[] = []
  for await (const record of input.records) records.push(record)
  return records
}

const brief = (records: readonly InputRecord[]): unknown[] =>
  records.map(({line, content}) => [line, 'fault' in content ? content.fault : content.value])

const faultOf = (record: InputRecord | undefined): string =>
  record !== undefined && 'fault' in record.content ? record.content.fault : ''

const invalid = Buffer.from([0x22, 0xff, 0x22])
const texts: [what: string, name: string, contents: string | Buffer, expected: unknown[]][] = [
  [
    'lines of JSON',
    'a.jsonl',
    '{"a":1}\n"b"\n',
    [
      [1, {a: 1}],
      [2, 'b'],
    ],
  ],
  [
    'no line break at the end',
    'a.jsonl',
    '1\n2',
    [
      [1, 1],
      [2, 2],
    ],
  ],
  [
    'CRLF',
    'a.jsonl',
    '1\r\n2\r\n',
    [
      [1, 1],
      [2, 2],
    ],
  ],
  [
    'blank lines, which count',
    'a.jsonl',
    '\n  \n1\n\r\n2\n\n',
    [
      [3, 1],
      [5, 2],
    ],
  ],
  [
    'a byte order mark',
    'a.jsonl',
    '\uFEFF1\n2',
    [
      [1, 1],
      [2, 2],
    ],
  ],
  ...['a.jsonl', 'a.csv', 'a.txt', 'a.yaml', 'a.json'].map((name): (typeof texts)[number] => [
    'nothing',
    name,
    ' \n\n',
    [],
  ]),
  ['a list of nothing', 'a.yaml', '[]', []],
  ['characters of several bytes', 'a.jsonl', '"café 🙂"\n', [[1, 'café 🙂']]],
  ['another extension', 'a.dat', '1\n', [[1, 1]]],
  [
    'a line that is not UTF-8',
    'a.jsonl',
    Buffer.concat([invalid, Buffer.from('\n1\n')]),
    [
      [1, 'The line is not UTF-8.'],
      [2, 1],
    ],
  ],
  [
    'prompts',
    'a.txt',
    'Hello!\n\n{"a": 1}\n',
    [
      [1, 'Hello!'],
      [3, '{"a": 1}'],
    ],
  ],
  [
    'columns',
    'a.csv',
    'id,prompt\n1,Hello\n2,"a, b"\n',
    [
      [2, {id: '1', prompt: 'Hello'}],
      [3, {id: '2', prompt: 'a, b'}],
    ],
  ],
  [
    'fields of several lines',
    'a.csv',
    'p,q\n"a\nb",1\nc,2\n',
    [
      [2, {p: 'a\nb', q: '1'}],
      [4, {p: 'c', q: '2'}],
    ],
  ],
  [
    'CSV with CRLF, a mark and blank lines',
    'a.csv',
    '\uFEFFp\r\n\r\na\r\n\r\n"b\r\nc"\r\nd',
    [
      [3, {p: 'a'}],
      [5, {p: 'b\r\nc'}],
      [7, {p: 'd'}],
    ],
  ],
  ['doubled quotes', 'a.csv', 'p\n"say ""hi"""\n', [[2, {p: 'say "hi"'}]]],
  ['empty cells', 'a.csv', 'p,q\na,\n', [[2, {p: 'a'}]]],
  [
    'too few fields',
    'a.csv',
    'p,q\na\nb,c\n',
    [
      [2, 'The record has 1 fields, but the first line names 2 columns.'],
      [3, {p: 'b', q: 'c'}],
    ],
  ],
  [
    'a field that is not UTF-8',
    'a.csv',
    Buffer.concat([Buffer.from('p\n'), invalid, Buffer.from('\nb\n')]),
    [
      [2, 'The record is not UTF-8.'],
      [3, {p: 'b'}],
    ],
  ],
  [
    'a list in YAML',
    'a.yaml',
    '- prompt: Hello\n- Hi\n',
    [
      [1, {prompt: 'Hello'}],
      [2, 'Hi'],
    ],
  ],
  [
    'a list in JSON',
    'a.json',
    '[1, {"prompt": "a"}]',
    [
      [1, 1],
      [2, {prompt: 'a'}],
    ],
  ],
]

for (const [what, name, contents, expected] of texts) {
  test(`reads ${what} (${path.extname(name)})`, async (t) => {
    assert.equal(brief(await readFile(t, name, contents)), expected)
  })
}

test('says what is wrong with a line that is not JSON, and goes on', async (t) => {
  const records = await readFile(t, 'a.jsonl', '{"a":\n2\n')
  assert.match(faultOf(records[0]), /^The line is not JSON: /)
  assert.equal(brief(records.slice(1)), [[2, 2]])
})

test('a quote that is never closed makes the rest one unreadable record', async (t) => {
  const records = await readFile(t, 'a.csv', 'p\na\n"b\nc\n')
  assert.equal(brief(records.slice(0, 1)), [[2, {p: 'a'}]])
  assert.is(records[1]?.line, 3)
  assert.match(faultOf(records[1]), /This record and all after it cannot be read: .*quote/i)
})

test('a line that is too long is passed over without being kept', async () => {
  async function* chunks(): AsyncGenerator<Buffer> {
    for (let n = 0; n < 10; n++) yield await Promise.resolve(Buffer.alloc(100, 'x'))
    yield Buffer.from('\n1\n')
  }
  const lines = []
  for await (const line of readLines(chunks(), 250)) lines.push(line)
  assert.equal(lines, [
    {line: 1, fault: 'The line has 1000 bytes; at most 250 are allowed.'},
    {line: 2, text: '1'},
  ])
})

test('lines and characters that are cut anywhere are put together again', async () => {
  const bytes = Buffer.from('\uFEFF"é🙂"\r\n\n"zwei"\r\ndrei')
  for (let size = 1; size <= 5; size++) {
    async function* chunks(): AsyncGenerator<Buffer> {
      for (let at = 0; at < bytes.length; at += size) yield await Promise.resolve(bytes.subarray(at, at + size))
    }
    const lines = []
    for await (const line of readLines(chunks())) lines.push(line)
    assert.equal(lines, [
      {line: 1, text: '"é🙂"'},
      {line: 3, text: '"zwei"'},
      {line: 4, text: 'drei'},
    ])
  }
})

const refused: [what: string, name: string, contents: string, message: RegExp][] = [
  ['a column without a name', 'a.csv', 'p,\n1,2\n', /Column 2 has no name/],
  ['a column that is there twice', 'a.csv', 'p,p\n1,2\n', /Two columns have the name p/],
  ['YAML that is no list', 'a.yaml', 'prompt: a\n', /a\.yaml must be a list of items/],
  ['broken YAML', 'a.yaml', '- "a\n', /a\.yaml:\d+:\d+/],
  ['lines of JSON as a list', 'a.json', '\n{"prompt": "a"}\n{"prompt": "b"}\n', /but its lines look like JSON items/],
  ['one line of JSON as a list', 'a.json', '{"prompt": "a"}', /but its lines look like JSON items/],
  ['an object as a list', 'a.json', '{\n"prompt": "a"}', /must be a list of items; got/],
]
for (const [what, name, contents, message] of refused) {
  test(`refuses ${what}`, (t) => rejects(readFile(t, name, contents), 'invalid_argument', message))
}

test('refuses files that are not there', async (t) => {
  using input = openInput(path.join(temporaryFolder(t), 'none.jsonl'))
  await rejects(input.records[Symbol.asyncIterator]().next(), 'invalid_argument', /cannot be read: ENOENT/)
})

test('refuses what cannot be read twice', (t) => {
  const pipe = path.join(temporaryFolder(t), 'pipe.jsonl')
  execFileSync('mkfifo', [pipe])
  for (const name of [pipe, temporaryFolder(t)]) {
    assert.throws(
      () => openInput(name),
      ({code, message, hint}: NnError) =>
        code === 'invalid_argument' &&
        message === `${name} is not a regular file.` &&
        hint?.includes('wnn batch -') === true,
    )
  }
})
