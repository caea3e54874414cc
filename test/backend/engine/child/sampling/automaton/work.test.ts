import * as assert from 'uvu/assert'
import type {Matcher} from '../../../../../../src/backend/engine/child/sampling/automaton/matcher.js'
import {TooMuchWork} from '../../../../../../src/backend/engine/child/sampling/automaton/work.js'
import {suite} from '../../../../../support/suite.js'
import {matcherOf, schemaMatcher} from '../support/matching.js'

// Counted, not timed: what hostile grammars cost. A step of work takes 30 to 120 ns.
const test = suite('the work of ambiguous grammars', {timeoutMs: 30_000})

/** The most work of one byte. */
function highestWork(matcher: Matcher, text: string): number {
  let state = matcher.start
  let highest = matcher.work.done
  for (const byte of Buffer.from(text)) {
    const before = matcher.work.done
    const after = matcher.step(state, byte)
    highest = Math.max(highest, matcher.work.done - before)
    assert.ok(after !== undefined, `${text.length} characters: not matched`)
    state = after
  }
  return highest
}

const alternativesTwice = (depth: number): string =>
  `root ::= r0\n${Array.from({length: depth}, (_, at) => `r${at} ::= r${at + 1} | r${at + 1}\n`).join('')}r${depth} ::= "x"`
const alternativesLikeEachOther = (depth: number): string =>
  `root ::= r0\n${Array.from({length: depth}, (_, at) => `r${at} ::= r${at + 1} e | r${at + 1}\n`).join('')}r${depth} ::= "x"\ne ::= "" | "y"`
const a = (count: number): string => 'a'.repeat(count)

const cheap: [what: string, grammar: string, text: string, most: number][] = [
  ['each rule an alternative of the next one twice', alternativesTwice(30), 'x', 300],
  ['the same with 3000 rules', alternativesTwice(3000), 'x', 30_000],
  ['alternatives that differ only in what may be empty', alternativesLikeEachOther(300), 'x', 20_000],
  ['ambiguity that grows with the text', 'root ::= s\ns ::= "x" s "y" | "x" s "z" | ""', 'x'.repeat(2000), 100],
  ['ambiguity within a token', 'root ::= (" " | "  " | " "*)* "x"', ' '.repeat(200), 100],
  ['equal alternatives repeated', 'root ::= ("a"|"a"|"a"){50}', a(50), 100],
  ['repetitions of repetitions', 'root ::= ((("a"*)*)+)*', a(500), 100],
  ['repetitions of rules that may be empty', 'root ::= q*\nq ::= p*\np ::= "a"* | "b"', a(500), 200],
  ['optional copies before required ones', 'root ::= "a"?{500} "a"{500}', a(900), 2000],
  ['the same with a rule', 'root ::= x{500} "a"{500}\nx ::= "a" | ""', a(900), 20_000],
  ['alternatives of several lengths', 'root ::= ("a"|"aa"|"aaa")+', a(5000), 100],
  ['bounds in bounds', 'root ::= ((("a"{1,100}){1,100}){1,100})', a(3000), 200],
  ['a million copies', 'root ::= "a"{0,1000000} "."', `${a(3000)}.`, 200],
  [
    'rules that call each other and may be empty',
    'root ::= p\np ::= "a" q p | ""\nq ::= "a" p q | "b" | ""',
    a(100),
    20_000,
  ],
  ['groups in groups', `root ::= ${'('.repeat(190)}"a"${'| "a")'.repeat(190)}`, 'a', 100],
  ['rules that can be divided anywhere', 'root ::= s\ns ::= "a" | "a" s s', a(60), 20_000],
  ['100,000 alternatives', `root ::= ${Array.from({length: 100_000}, (_, at) => `"v${at}"`).join('|')}`, 'v99999', 100],
  ['a text of a million characters', `root ::= "${'abcde'.repeat(190_000)}"`, 'abcdeabcde', 100],
  ['10,000 ranges', `root ::= [${manyRanges(10_000)}]+`, '\u1000\u1002\u1004', 1000],
]
for (const [what, grammar, text, most] of cheap) {
  test(`${what}: no byte takes more than ${most} steps`, () => {
    const work = highestWork(matcherOf(grammar), text)
    assert.ok(work <= most, `${work} steps`)
  })
}

const schemas: [what: string, schema: object, text: string, most: number][] = [
  [
    'anyOf in anyOf',
    nested((inner) => ({anyOf: [inner, {type: 'integer'}, {type: 'array', items: {type: 'integer'}}]}), 30),
    '1',
    300,
  ],
  [
    'anyOf in objects',
    nested((inner) => ({anyOf: [inner, {type: 'object', properties: {a: inner}}]}), 7),
    '{"a":{"a":1}}',
    2000,
  ],
  [
    'an enumeration of 30,000 values',
    {enum: Array.from({length: 30_000}, (_, at) => `value ${at}`)},
    '"value 29999"',
    100,
  ],
  [
    '5,000 properties',
    {properties: Object.fromEntries(Array.from({length: 5000}, (_, at) => [`key ${at}`, {type: 'integer'}]))},
    '{"key 0": 1, "key 1": 22, "key 2": ',
    200,
  ],
  [
    'further properties',
    {properties: {a: {}}, additionalProperties: {anyOf: [{}, {type: 'array'}, {}]}},
    '{"a":[[[{"b":[{}]}]]],"c":[1,[2]]}',
    2000,
  ],
]
for (const [what, schema, text, most] of schemas) {
  test(`a schema with ${what}: no byte takes more than ${most} steps`, () => {
    const work = highestWork(schemaMatcher(schema), text)
    assert.ok(work <= most, `${work} steps`)
  })
}

const costly: [what: string, grammar: string, letter: string][] = [
  ['bounds that do not join', 'root ::= ((("a"{1,100} "b"?){1,100} "c"?){1,100})', 'a'],
  ['rules with bounds', 'root ::= z{1,100}\nz ::= y{1,100}\ny ::= "a"{1,100}', 'a'],
  [
    'bounds of rules in each other',
    'root ::= x{300}\nx ::= y{0,300}\ny ::= ("a" | "aa" | z){0,300}\nz ::= "aaa" y',
    'a',
  ],
]
for (const [what, grammar, letter] of costly) {
  test(`${what}: the work ends where it is limited, and the matcher goes on`, () => {
    const matcher = matcherOf(grammar)
    const limit = 100_000
    let state = matcher.start
    const followAll = (): void => {
      for (let count = 0; count < 2000; count++) {
        matcher.work.allow(limit)
        state = matcher.step(state, letter.charCodeAt(0)) ?? state
      }
    }
    assert.throws(followAll, (error: unknown) => error instanceof TooMuchWork)
    const before = matcher.work.done
    assert.throws(followAll, (error: unknown) => error instanceof TooMuchWork)
    // A step is ended within what one call of the computation adds.
    assert.ok(matcher.work.done - before < 2 * limit, `${matcher.work.done - before} steps`)
    matcher.work.allow(limit)
    assert.ok(matcher.step(matcher.start, letter.charCodeAt(0)) !== undefined)
  })
}

test('states are forgotten when they become many, and the rest of the text matches as before', () => {
  const matcher = matcherOf('root ::= s\ns ::= "(" s ")" | "x"')
  const depth = 150_000
  const state = matcher.follow(matcher.start, Buffer.from(`${'('.repeat(depth)}x${')'.repeat(depth)}`))
  assert.is(state?.isComplete, true)
})

function manyRanges(count: number): string {
  return Array.from({length: count}, (_, at) => `\\u${(0x1000 + at * 2).toString(16).padStart(4, '0')}`).join('')
}

function nested(around: (inner: object) => object, depth: number): object {
  let schema: object = {type: 'integer'}
  for (let level = 0; level < depth; level++) schema = around(schema)
  return schema
}
