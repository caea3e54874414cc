import * as assert from 'uvu/assert'
import {rejects} from '../support/rejects.js'
import {suite} from '../support/suite.js'
import {brief, readFile} from './support/read-input.js'

const test = suite('encodings of a batch input')

const encode = (text: string, order: 'little' | 'big'): Buffer => {
  const bytes = Buffer.from(`\uFEFF${text}`, 'utf16le')
  return order === 'little' ? bytes : bytes.swap16()
}

const texts: [name: string, text: string, expected: unknown[]][] = [
  [
    'a.jsonl',
    '"café 🙂"\r\n2\r\n',
    [
      [1, 'café 🙂'],
      [2, 2],
    ],
  ],
  ['a.csv', 'p,é\r\n"a\nb",ü\r\n', [[2, {p: 'a\nb', é: 'ü'}]]],
  ['a.txt', 'é\n', [[1, 'é']]],
  ['a.yaml', '- é\n', [[1, 'é']]],
]
for (const [name, text, expected] of texts) {
  test(`reads UTF-16 with a mark, in both byte orders (${name})`, async (t) => {
    for (const order of ['little', 'big'] as const) {
      assert.equal(brief(await readFile(t, name, encode(text, order))), expected)
    }
  })
}

const encodings: [what: string, name: string, contents: Buffer, message: RegExp][] = [
  [
    'a header in Latin-1',
    'a.csv',
    Buffer.from('id,größe\n1,2\n', 'latin1'),
    /^The name of column 2 is not UTF-8: line 1 has the byte 0xF6 after "gr"\.$/,
  ],
  ['a list in Latin-1', 'a.yaml', Buffer.from('- café\n', 'latin1'), /a\.yaml is not UTF-8: line 1 has the byte 0xE9/],
  ...['a.jsonl', 'a.csv', 'a.txt', 'a.yaml'].map((name): [string, string, Buffer, RegExp] => [
    `UTF-16 without a mark (${name})`,
    name,
    Buffer.from('"What?"\n', 'utf16le'),
    /looks like UTF-16 without a byte order mark/,
  ]),
  ['UTF-16 that is cut off', 'a.txt', Buffer.from('\uFEFFab', 'utf16le').subarray(0, 5), /is not UTF-16/],
]
for (const [what, name, contents, message] of encodings) {
  test(`refuses ${what}`, async (t) => {
    const {reason} = await rejects(readFile(t, name, contents), 'invalid_encoding', message)
    assert.is(reason, 'invalid_encoding')
  })
}

test('a record that is not UTF-8 says where, and what to do', async (t) => {
  for (const [name, text, line, fault] of [
    ['a.txt', 'a\r\nCôte\n', 2, 'The line is not UTF-8: line 2 has the byte 0xF4 after "C".'],
    [
      'a.jsonl',
      '1\n{"prompt": "Zo\xEB"}',
      2,
      'The line is not UTF-8: line 2 has the byte 0xEB after "{\\"prompt\\": \\"Zo".',
    ],
    ['a.csv', 'id,p\n1,a\n2,é\n', 3, 'The field p is not UTF-8: line 3 has the byte 0xE9 at its start.'],
    ['a.csv', 'q,p\n"a\r\nb","c\nd\né"\n', 2, 'The field p is not UTF-8: line 5 has the byte 0xE9 at its start.'],
  ] as const) {
    const record = (await readFile(t, name, Buffer.from(text, 'latin1'))).at(-1)
    assert.equal(
      [record?.line, record !== undefined && 'fault' in record.content && record.content.fault],
      [line, fault],
    )
    assert.match(JSON.stringify(record?.content), /"hint":"Convert it to UTF-8\. From Latin-1: iconv /)
  }
})
