import * as assert from 'uvu/assert'
import {decodeText} from '../../src/documents/index.js'
import {NnError} from '../../src/errors.js'
import {suite} from '../support/suite.js'

const test = suite('decoding texts')

const bigEndian = (text: string): Buffer => Buffer.from(text, 'utf16le').swap16()
const accents = 'café 🙂\n'

const read: [what: string, bytes: Buffer, text: string][] = [
  ['UTF-8', Buffer.from(accents), accents],
  ['UTF-8 with a mark', Buffer.from(`\uFEFF${accents}`), accents],
  ['a mark inside of the text, which stays', Buffer.from('a\uFEFFb'), 'a\uFEFFb'],
  ['UTF-16 as Windows PowerShell writes it', Buffer.from(`\uFEFF${accents}`, 'utf16le'), accents],
  ['UTF-16 of the other byte order', bigEndian(`\uFEFF${accents}`), accents],
  ['the character that stands for broken bytes', Buffer.from('a \uFFFD b'), 'a \uFFFD b'],
  ['nothing', Buffer.alloc(0), ''],
  ['one character', Buffer.from('a'), 'a'],
]
for (const [what, bytes, text] of read) {
  test(`reads ${what}`, () => assert.is(decodeText(bytes, 'It'), text))
}

const refused: [what: string, bytes: Buffer, message: string][] = [
  [
    'Latin-1',
    Buffer.from('Hello\nRepeat after me: café {{q}}\n', 'latin1'),
    'It is not UTF-8: line 2 has the byte 0xE9 after "Repeat after me: caf".',
  ],
  [
    'Latin-1 from the first byte on',
    Buffer.from('ÄÖ', 'latin1'),
    'It is not UTF-8: line 1 has the byte 0xC4 at its start.',
  ],
  [
    'a broken byte after the character that stands for one',
    Buffer.concat([Buffer.from('\uFFFD'), Buffer.from([0xff])]),
    'It is not UTF-8: line 1 has the byte 0xFF after "\uFFFD".',
  ],
  [
    'a character that is cut off',
    Buffer.from('é').subarray(0, 1),
    'It is not UTF-8: line 1 has the byte 0xC3 at its start.',
  ],
  ['UTF-16 without a mark', Buffer.from('What?', 'utf16le'), 'It looks like UTF-16 without a byte order mark.'],
  ['the same of the other byte order', bigEndian('What?'), 'It looks like UTF-16 without a byte order mark.'],
  [
    'UTF-16 that is cut off',
    Buffer.from('\uFEFFab', 'utf16le').subarray(0, 5),
    'It starts with the byte order mark of UTF-16, but is not UTF-16.',
  ],
  [
    'half a character in UTF-16',
    Buffer.from('\uFEFF\uD83D', 'utf16le'),
    'It starts with the byte order mark of UTF-16, but is not UTF-16.',
  ],
  ['UTF-32', Buffer.from([0xff, 0xfe, 0, 0, 0x41, 0, 0, 0]), 'It is not a text: character 1 is NUL.'],
  ['a NUL in a text', Buffer.from('abc\0'), 'It is not a text: character 4 is NUL.'],
]
for (const [what, bytes, message] of refused) {
  test(`refuses ${what}`, () => {
    assert.throws(
      () => decodeText(bytes, 'It'),
      (error: unknown) => {
        assert.instance(error, NnError)
        const {reason, exitCode, hint, message: said} = error as NnError
        assert.equal([reason, exitCode, said], ['invalid_encoding', 2, message])
        return hint?.startsWith('Convert it to UTF-8.') === true
      },
    )
  })
}

test('finds a broken byte soon in a long line of the character that stands for one', () => {
  const bytes = Buffer.concat([Buffer.from('\uFFFD'.repeat(500_000)), Buffer.from([0xe9])])
  const startedAt = performance.now()
  assert.throws(
    () => decodeText(bytes, 'It'),
    (error: unknown) => error instanceof NnError && error.message.includes('0xE9 after "\uFFFD'),
  )
  // Going through the line again from its start for each of them took minutes.
  assert.ok(performance.now() - startedAt < 5000)
})
