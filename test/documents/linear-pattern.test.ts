import fc from 'fast-check'
import * as assert from 'uvu/assert'
import {LinearPattern} from '../../src/documents/linear-pattern.js'
import {largestPattern, longestPattern, patternFault} from '../../src/documents/pattern-syntax.js'
import {suite} from '../support/suite.js'

const test = suite('regular expressions', {timeoutMs: 20_000})

// Each takes JavaScript's engine years.
const catastrophic: [pattern: string, text: string, matches: boolean][] = [
  ['(a+)+$', `${'a'.repeat(4000)}b`, false],
  ['(a|a)*b', 'a'.repeat(4000), false],
  ['(.*)*x', 'a'.repeat(4000), false],
  ['^(([a-z])+.)+[A-Z]([a-z])+$', 'a'.repeat(4000), false],
  ['(?:a?){30}a{30}', 'a'.repeat(30), true],
  ['(\\w+\\s?)*!', 'word '.repeat(800), false],
]
for (const [source, text, matches] of catastrophic) {
  test(`/${source}/ ends on a long text`, () => {
    assert.is(LinearPattern.compile(source).test(text), matches)
  })
}

const rejected: [what: string, source: string, why: RegExp][] = [
  ['look-ahead', 'a(?=b)', /look-ahead/],
  ['negative look-ahead', 'a(?!b)', /look-ahead/],
  ['look-behind', '(?<=a)b', /look-behind/],
  ['negative look-behind', '(?<!a)b', /look-behind/],
  ['a back-reference', '(a)\\1', /back-reference/],
  ['a named back-reference', '(?<n>a)\\k<n>', /back-reference/],
  ['another mistake', '(', /unterminated group/],
  ['a long one', 'a'.repeat(longestPattern + 1), /it has 1001 characters, at most 1000/],
  ['many repetitions', 'a{1001}', /1001 repetitions, at most 1000/],
  ['repeated repetitions', '((a{30}){30}){30}', /written out it has 27000 parts, at most 1000/],
  ['repeated choices', '(?:a|b){0,500}', /written out it has 1500 parts/],
  ['repeated classes', '([ab]{20}\\p{L}{20}){30}', /written out it has 1200 parts/],
]
for (const [what, source, why] of rejected) {
  test(`${what} is rejected with the reason`, () => {
    assert.match(patternFault(source) ?? '', why)
    assert.throws(() => LinearPattern.compile(source), why)
  })
}

test('what only looks like that is not', () => {
  for (const source of [
    '[(?=a)]',
    '\\(\\?=',
    '[\\]{9}]{2}',
    '\\\\1',
    '(?<name>a)',
    '(?:a)',
    'a{2,}',
    `a{${largestPattern}}`,
    '\\p{L}{3}',
  ])
    assert.is(patternFault(source), undefined, source)
})

test('matches are those of JavaScript', () => {
  const sources = [
    'a',
    'ab*',
    '(?:a|bb)+',
    '[^a]b',
    'a.b',
    '^a|b$',
    '\\bab',
    'a{2,3}',
    '(?<n>a)b?',
    'é+',
    '\\u{1F600}',
    '\\p{Lu}',
    'x*',
  ]
  fc.assert(
    fc.property(
      fc.constantFrom(...sources),
      fc.array(fc.constantFrom('a', 'b', ' ', 'x', 'é', 'É', '😀', '\n')).map((parts) => parts.join('')),
      (source, text) => {
        const wanted = [...text.matchAll(new RegExp(source, 'gu'))].find(([match]) => match !== '')
        const found = LinearPattern.compile(source).first(text)
        assert.equal(found, wanted && {start: wanted.index, end: wanted.index + wanted[0].length})
        assert.is(LinearPattern.compile(source).test(text), new RegExp(source, 'u').test(text))
      },
    ),
  )
})
