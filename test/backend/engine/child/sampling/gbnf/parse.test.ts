import * as assert from 'uvu/assert'
import {explainFault, GrammarFault} from '../../../../../../src/backend/engine/child/sampling/gbnf/grammar.js'
import {suite} from '../../../../../support/suite.js'
import {matcherOf, matches} from '../support/matching.js'

const test = suite('reading grammars')

const refused: [what: string, grammar: string, message: RegExp][] = [
  ['a NUL', 'root ::= "a"\0 | (((', /^there is a NUL character, .* at line 1, column 13$/],
  ['a NUL in a comment', 'root ::= "a" # b\0\n', /NUL character, .* at line 1, column 17$/],
  ['a NUL in a class of characters', 'root ::= "a"\nb ::= [\0]', /NUL .* at line 2, column 8$/],
  ['half of a pair', 'root ::= "\ud83d"', /half of a UTF-16 surrogate pair at line 1, column 11$/],
  ['a missing parenthesis', 'root ::= ("a"', /^expecting '\)' at line 1, column 14$/],
  ['a missing quote', 'root ::= "a\n', /^unexpected end at line 2, column 1$/],
  ['a missing bracket', 'root ::= [a', /^unexpected end at line 1, column 12$/],
  ['an unknown escape', 'root ::= "\\q"', /^unknown escape \\q at line 1, column 11$/],
  ['too few digits', 'root ::= "\\u12"', /^expecting 4 hexadecimal digits after \\u at/],
  ['no definition', 'root = "a"', /^expecting ::= at line 1, column 6$/],
  ['something else after a rule', 'root ::= "a" }', /^expecting a line break or the end at line 1, column 14$/],
  ['a rule without a name', '::= "a"', /^expecting the name of a rule at line 1, column 1$/],
  ['nothing to repeat', 'root ::= * "a"', /^expecting something to repeat at line 1, column 10$/],
  ['an empty text to repeat', 'root ::= ""{2}', /^expecting something to repeat/],
  ['a token by its name', 'root ::= <end>', /^expecting a token by its id, as <\[12\]> at line 1, column 10$/],
  ['no root', 'start ::= "a"', /^it does not have a rule named root$/],
  ['no rule at all', ' # nothing\n', /^it does not have a rule named root$/],
  ['a missing rule', 'root ::= "a" |\n  b', /^there is no rule named b, which is used at line 2, column 3$/],
  ['a missing rule in a group', 'root ::= ("a" (b)+)?', /^there is no rule named b/],
  ['left recursion', 'root ::= a "x"\na ::= "y"? b\nb ::= a', /^left recursion, .*: a can begin with itself$/],
  [
    'left recursion behind what is empty through its parts',
    'root ::= b root "x" | "y"\nb ::= c c\nc ::= "z"?',
    /^left recursion, .*: root can begin with itself$/,
  ],
  ['a bound that is too high', 'root ::= "a"{0,1000001}', /^a repetition of 1000001 times, more than 1000000, at line/],
  ['a lower bound that is too high', 'root ::= "a"{99999999999999999999,}', /^a repetition of 9{20} times/],
  ['bounds the wrong way round', 'root ::= "a"{5,2}', /^a repetition of at least 5 and at most 2 times at line 1/],
  ['a bound that is no number', 'root ::= "a"{x}', /^expecting a number at line 1, column 14$/],
  ['deep nesting', `root ::= ${'('.repeat(300)}"a"${')'.repeat(300)}`, /nested more than 200 levels deep/],
  ['repetitions of repetitions', `root ::= "a"${'*'.repeat(300)}`, /nested more than 200 levels deep/],
  [
    'many high bounds',
    `root ::= ${Array.from({length: 5000}, (_, index) => `"${index}"{0,90}`).join(' ')}`,
    /^it is too large: with all copies of its repetitions it has more than 1000000 positions$/,
  ],
  [
    'a long grammar',
    `root ::= "${'a'.repeat(2_000_000)}"`,
    /^it has 2000011 characters; at most 2000000 are supported$/,
  ],
  [
    'a large class',
    `root ::= "a" [${'a'.repeat(20_001)}]`,
    /^more than 20000 characters and ranges in a class at line 1, column 14$/,
  ],
  ['rules that never end', 'root ::= "a" root | "b" b\nb ::= "c" root', /^there is no text that it matches/],
  ['a class without characters', 'root ::= "a" []', /^there is no text that it matches/],
  ['a character that no text has', 'root ::= "a\\ud800"', /^there is no text that it matches/],
]
for (const [what, grammar, message] of refused) {
  test(`${what} is refused with its place`, () => {
    assert.throws(
      () => matcherOf(grammar),
      (error: unknown) => error instanceof GrammarFault && message.test(explainFault(error, grammar)),
    )
  })
}

const read: [what: string, grammar: string][] = [
  ['parentheses in a text', `root ::= "${'('.repeat(300)}"`],
  ['braces in texts, classes and comments', 'root ::= "{9999999}" [{9999999}] # {9999999}\n'],
  ['line breaks within parentheses', 'root ::= ( # a\n "a"\n | "b" )\n'],
  ['line breaks of all systems', 'root ::= a\r\na ::= b\rb ::= "c"\n'],
  ['empty alternatives', 'root ::= | "a" | b | ""\nb ::= ""'],
  ['tokens by id', 'root ::= <[12]> !<[3]>'],
  ['names that look like generated ones', 'root ::= x0 ("a" | "b") xx1\nx0 ::= "x"\nxx1 ::= "y"'],
]
for (const [what, grammar] of read) test(`${what}: fine`, () => assert.ok(matcherOf(grammar).positions > 0))

const escapes: [grammar: string, matched: string[], other: string[]][] = [
  [String.raw`root ::= "\x41\u00e9\U0001F600\t\r\n\\\"\[\]\-"`, ['Aé😀\t\r\n\\"[]-'], ['Aé']],
  [String.raw`root ::= [\x41-\x43\]\-]`, ['A', 'C', ']', '-'], ['D', '\\', '']],
  [String.raw`root ::= [a-]`, ['a', '-'], ['b']],
  [String.raw`root ::= [^a-z\n]`, ['A', 'é', '😀', '\t'], ['m', '\n', '', '\0']],
  [String.raw`root ::= [ࠀ-𐀀]`, ['ࠀ', '\uffff', '𐀀', '退'], ['߿', '𐀁', 'a']],
  [String.raw`root ::= [\x00-\U7fffffff]`, ['a', '\u{10ffff}'], ['\0']],
  [String.raw`root ::= [z-a] | "b"`, ['b'], ['z', 'a', 'm']],
  [String.raw`root ::= .`, ['a', '\n', '\ud7ff', '\ue000', '😀'], ['', 'ab', '\0']],
]
for (const [grammar, matched, other] of escapes) {
  test(`${grammar} means what it says`, () => {
    assert.equal([...matched, ...other].map(matches(grammar)), [...matched.map(() => true), ...other.map(() => false)])
  })
}

test('a long chain of rules is followed', () => {
  const match = matches(`root ::= r0\n${chain(5000)}`)
  assert.equal(['a', 'b'].map(match), [true, false])
})

test('a character that is cut in two is no character', () => {
  const matcher = matcherOf('root ::= .')
  assert.ok(matcher.follow(matcher.start, [0xf0, 0x9f, 0x98]))
  for (const bytes of [[0x80], [0xc0, 0x80], [0xed, 0xa0], [0xf0, 0x80], [0xf4, 0x90], [0xff]])
    assert.is(matcher.follow(matcher.start, bytes), undefined)
})

function chain(length: number): string {
  return Array.from({length}, (_, index) => `r${index} ::= ${index + 1 < length ? `r${index + 1}` : '"a"'}\n`).join('')
}
