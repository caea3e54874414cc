import {execFileSync} from 'node:child_process'
import path from 'node:path'
import * as assert from 'uvu/assert'
import type {NnError} from '../../src/errors.js'
import {readCsv} from '../../src/batch/input/csv.js'
import {readLines} from '../../src/batch/input/lines.js'
import {openInput} from '../../src/batch/input/open-input.js'
import {toUtf8} from '../../src/batch/input/to-utf8.js'
import type {InputRecord} from '../../src/batch/input/record.js'
import {rejects} from '../support/rejects.js'
import {suite} from '../support/suite.js'
import {temporaryFolder} from '../support/temporary-folder.js'
import {brief, readFile} from './support/read-input.js'

const test = suite('input of a batch')

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
      [1, 'The line is not UTF-8: line 1 has the byte 0xFF after "\\"".'],
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
  [
    'CSV with mixed line ends',
    'a.csv',
    'p\r\na\nb\rc\n\rd\r\n',
    [
      [2, {p: 'a'}],
      [3, {p: 'b'}],
      [4, {p: 'c'}],
      [6, {p: 'd'}],
    ],
  ],
  [
    'CSV whose first line alone ends in LF',
    'a.csv',
    'prompt,stop\nWhat?,Paris\r\n',
    [[2, {prompt: 'What?', stop: 'Paris'}]],
  ],
  [
    'CSV with the line ends of old Macs',
    'a.csv',
    'id,p\ra,1\r"b\rb","2\r\n3"\rc,4',
    [
      [2, {id: 'a', p: '1'}],
      [3, {id: 'b\rb', p: '2\r\n3'}],
      [6, {id: 'c', p: '4'}],
    ],
  ],
  [
    'lines that end in CR, also mixed',
    'a.txt',
    'a\rb\r\nc\n\rd',
    [
      [1, 'a'],
      [2, 'b'],
      [3, 'c'],
      [5, 'd'],
    ],
  ],
  [
    'JSON on lines that end in CR',
    'a.jsonl',
    '1\r{"a": 2}\r',
    [
      [1, 1],
      [2, {a: 2}],
    ],
  ],
  [
    'a line with a NUL',
    'a.txt',
    'a\nb\0c\n',
    [
      [1, 'a'],
      [2, 'The line is not a text: it has a NUL character.'],
    ],
  ],
  [
    'a field with a NUL',
    'a.csv',
    'p\nb\0c\nd\n',
    [
      [2, 'The record is not a text: it has a NUL character.'],
      [3, {p: 'd'}],
    ],
  ],
  [
    'an integer that a number would round',
    'a.yaml',
    '- id: 12345678901234567890\n',
    [[1, {id: '12345678901234567890'}]],
  ],
  ['doubled quotes', 'a.csv', 'p\n"say ""hi"""\n', [[2, {p: 'say "hi"'}]]],
  ['empty cells', 'a.csv', 'p,q\na,\n', [[2, {p: 'a'}]]],
  [
    'too few fields',
    'a.csv',
    'p,q\na\nb,c\n',
    [
      [2, 'The record has 1 field, but the first line names 2 columns.'],
      [3, {p: 'b', q: 'c'}],
    ],
  ],
  [
    'a field that is not UTF-8',
    'a.csv',
    Buffer.concat([Buffer.from('p\n'), invalid, Buffer.from('\nb\n')]),
    [
      [2, 'The field p is not UTF-8: line 2 has the byte 0xFF at its start.'],
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

test('the id of a record that is not usable is kept where it can be read', async (t) => {
  const ids = async (text: string): Promise<unknown[]> =>
    (await readFile(t, 'a.csv', Buffer.from(text, 'latin1'))).map(({content}) =>
      'fault' in content ? content.id : 'usable',
    )
  assert.equal(await ids('id,p\na,b,c\nd\n"",x,y\ne,f\n'), ['a', 'd', undefined, 'usable'])
  assert.equal(await ids('p,id\na,b,c\n'), [undefined], 'any field may be the one too many')
  assert.equal(await ids('p,id\n\xE9,b\nc\0,d\nb,\xE9\nd,\n'), ['b', 'd', undefined, 'usable'])
  assert.equal(await ids('p,q\na\n'), [undefined])
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
    for await (const line of readLines(toUtf8(chunks(), 'It'))) lines.push(line)
    assert.equal(lines, [
      {line: 1, text: '"é🙂"'},
      {line: 3, text: '"zwei"'},
      {line: 4, text: 'drei'},
    ])
  }
})

test('a table that is cut anywhere has the same lines', async (t) => {
  const text = '\uFEFFp,q\r\na,1\rb,"2\r\n\r3"\n\r\nc,4\r\n'
  const expected = [
    [2, {p: 'a', q: '1'}],
    [3, {p: 'b', q: '2\r\n\r3'}],
    [7, {p: 'c', q: '4'}],
  ]
  for (const encoding of ['utf8', 'utf16le'] as const) {
    const bytes = Buffer.from(text, encoding)
    for (let size = 1; size <= 5; size++) {
      async function* chunks(): AsyncGenerator<Buffer> {
        for (let at = 0; at < bytes.length; at += size) yield await Promise.resolve(bytes.subarray(at, at + size))
      }
      const records: InputRecord[] = []
      for await (const record of readCsv(toUtf8(chunks(), 'It'))) records.push(record)
      assert.equal(brief(records), expected, `${encoding} by ${size}`)
    }
  }
  assert.equal(brief(await readFile(t, 'a.csv', text)), expected)
})

test('numbers keep how a line writes them', async (t) => {
  const written = async (name: string, text: string, path: (string | number)[]): Promise<unknown> => {
    const [record] = await readFile(t, name, text)
    return record !== undefined && 'value' in record.content ? record.content.written?.(path) : 'none'
  }
  assert.is(await written('a.jsonl', '{"n": 1.10}', ['n']), '1.10')
  assert.is(await written('a.jsonl', '{"id": 12345678901234567890}', ['id']), '12345678901234567890')
  assert.is(await written('a.jsonl', '{"n": 1.10, "n": 1e3}', ['n']), undefined)
  assert.is(await written('a.yaml', '- {n: 0x1F}\n', ['n']), '0x1F')
})

const refused: [what: string, name: string, contents: string, message: RegExp, hint?: string][] = [
  ['a column without a name', 'a.csv', 'p,\n1,2\n', /Column 2 has no name/],
  ['a column that is there twice', 'a.csv', 'p,p\n1,2\n', /Two columns have the name p/],
  [
    'semicolons between columns',
    'a.csv',
    'id;prompt;temp\n1;Hi, there;0,5\n',
    /^The columns are separated by semicolons: "id;prompt;temp"\.$/,
    "Read the file with --delimiter ';'.",
  ],
  ['tabs between columns', 'a.csv', 'id\tprompt\n1\tHi\n', /^The columns are separated by tabs: /],
  ['YAML that is no list', 'a.yaml', 'prompt: a\n', /a\.yaml must be a list of items/],
  ['broken YAML', 'a.yaml', '- "a\n', /a\.yaml:\d+:\d+/],
  ['lines of JSON as a list', 'a.json', '\n{"prompt": "a"}\n{"prompt": "b"}\n', /but its lines look like JSON items/],
  ['one line of JSON as a list', 'a.json', '{"prompt": "a"}', /but its lines look like JSON items/],
  ['an object as a list', 'a.json', '{\n"prompt": "a"}', /must be a list of items; got/],
]
for (const [what, name, contents, message, hint] of refused) {
  test(`refuses ${what}`, async (t) => {
    const error = await rejects(readFile(t, name, contents), 'invalid_argument', message)
    if (hint !== undefined) assert.is(error.hint, hint)
  })
}

test('refuses files that are not there', async (t) => {
  using input = openInput(path.join(temporaryFolder(t), 'none.jsonl'))
  await rejects(
    input.records[Symbol.asyncIterator]().next(),
    'invalid_argument',
    /none\.jsonl cannot be read: there is no such file or folder\.$/,
  )
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
