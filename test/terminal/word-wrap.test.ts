import fc from 'fast-check'
import * as assert from 'uvu/assert'
import {textWidth} from '../../src/terminal/width.js'
import {WordWrap, wrapText} from '../../src/terminal/word-wrap.js'
import {suite} from '../support/suite.js'

const test = suite('lines between words')

/** What is written when a text arrives in these pieces. */
function write(columns: number, ...pieces: string[]): string {
  const wrap = new WordWrap(() => columns)
  return pieces.map((piece) => wrap.add(piece)).join('') + wrap.end()
}

const cases: [what: string, columns: number, text: string, lines: string[]][] = [
  ['a word that does not fit starts a line', 12, 'one two three four', ['one two ', 'three four']],
  ['a word may end at the edge', 7, 'one two three', ['one two', 'three']],
  ['spaces at the edge go', 7, 'one two   three', ['one two', 'three']],
  ['newlines stay', 7, 'one\n\ntwo three', ['one', '', 'two ', 'three']],
  ['indents stay', 10, '  one two three', ['  one two ', 'three']],
  ['a word longer than a line is left to the terminal', 6, 'a extraordinary b', ['a ', 'extraordinary b']],
  ['wide characters are words', 7, '漢字漢字漢', ['漢字漢', '字漢']],
  ['closing punctuation stays with its character', 6, '漢字漢。字', ['漢字', '漢。字']],
  ['a word after a wide character starts a line', 8, '漢字abcde', ['漢字', 'abcde']],
  ['an emoji counts two', 6, 'abcd 🙂', ['abcd ', '🙂']],
  ['a family is not torn apart', 9, 'abcdef 👩\u200d👧', ['abcdef ', '👩\u200d👧']],
  ['an accent stays with its letter', 4, 'abc e\u0301e\u0301', ['abc ', 'e\u0301e\u0301']],
  ['a no-break space is part of a word', 8, 'a 10\u00a0000 b', ['a 10\u00a0000', 'b']],
  ['a tab goes to its stop', 12, 'a\tbcde fg', ['a\tbcde', 'fg']],
  [
    'code is left to the terminal',
    8,
    '```\nlet a = long\n```\nand so on',
    ['```', 'let a = long', '```', 'and so ', 'on'],
  ],
  ['inline code is not', 8, 'a `b c` def', ['a `b c` ', 'def']],
  ['an unknown width breaks nothing', 0, 'one two three', ['one two three']],
]
for (const [what, columns, text, lines] of cases) {
  test(what, () => {
    assert.equal(write(columns, text).split('\n'), lines)
    assert.equal(write(columns, ...Array.from(text)).split('\n'), lines, 'one character at a time')
  })
}

test('text is written at once, except for a word near the edge', () => {
  const wrap = new WordWrap(() => 40)
  assert.is(wrap.add('The quick bro'), 'The quick bro')
  assert.is(wrap.add('wn fox jum'), 'wn fox ')
  assert.is(wrap.add('ps'), '')
  assert.is(wrap.add(' over'), 'jumps ')
  assert.is(wrap.end(), 'over')
})

test('a long word near the edge is written once it does not fit', () => {
  const wrap = new WordWrap(() => 30)
  assert.is(wrap.add('A word such as Donaudampf'), 'A word such as ')
  assert.is(wrap.add('schiff'), '\nDonaudampfschiff')
  assert.is(wrap.add('fahrt'), 'fahrt')
})

test('the width may change while the text arrives', () => {
  let columns = 20
  const wrap = new WordWrap(() => columns)
  const first = wrap.add('one two three\n')
  columns = 8
  assert.is(first + wrap.add('one two three') + wrap.end(), 'one two three\none two \nthree')
})

test('nothing but spaces is lost or added, and no line of short words is too long', () => {
  const word = fc.stringMatching(/^[a-z漢字é🙂.,]{1,9}$/u)
  const text = fc
    .array(fc.tuple(word, fc.constantFrom(' ', '  ', '\n')), {maxLength: 40})
    .map((all) => all.flat().join(''))
  fc.assert(
    fc.property(text, fc.integer({min: 20, max: 60}), fc.array(fc.nat(5)), (whole, columns, cuts) => {
      const pieces: string[] = []
      let rest = Array.from(whole)
      for (const cut of cuts) {
        pieces.push(rest.slice(0, cut).join(''))
        rest = rest.slice(cut)
      }
      const written = write(columns, ...pieces, rest.join(''))
      assert.is(written.replace(/\s/g, ''), whole.replace(/\s/g, ''))
      assert.is(write(columns, whole), written, 'the pieces make no difference')
      for (const line of written.split('\n')) assert.ok(textWidth(line) <= columns, line)
    }),
  )
})

test('a whole text is wrapped, long words included', () => {
  assert.is(wrapText('see https://example.org/a/long/path', 20), 'see \nhttps://example.org/a/long/path')
  assert.is(wrapText('one two', undefined), 'one two')
})
