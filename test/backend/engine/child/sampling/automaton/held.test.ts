import * as assert from 'uvu/assert'
import {seededRandom} from '../../../../../../src/system/random.js'
import {suite} from '../../../../../support/suite.js'
import {matches, matchesSchema} from '../support/matching.js'
import {nativeMatcher} from '../support/native-matcher.js'
import {randomGrammar} from '../support/random-grammar.js'

const test = suite('texts that grammars match', {timeoutMs: 30_000})

const bounds = [
  ...[
    [0, 1],
    [2, 2],
    [3, 7],
    [0, 64],
    [999, 1001],
    [1000, 1000],
    [1001, 1001],
    [0, 2000],
    [0, 2001],
  ],
  ...[
    [1999, 2003],
    [2001, 2001],
    [2500, 5000],
    [12_345, 12_345],
    [0, 20_000],
  ],
] as [number, number][]
for (const [least, most] of bounds) {
  test(`a repetition of ${least} to ${most} times holds exactly`, () => {
    const match = matches(`root ::= "<" "a"{${least},${most}} ">"`)
    for (const count of new Set([0, 1, least - 1, least, least + 1, most - 1, most, most + 1, 2 * most])) {
      if (count < 0) continue
      assert.is(match(`<${'a'.repeat(count)}>`), count >= least && count <= most, `${count} times`)
    }
  })
}

test('a lower bound alone is held as well, at any size', () => {
  for (const least of [0, 1, 2, 1999, 2001, 3000]) {
    const match = matches(`root ::= [a-c]{${least},} ">"`)
    assert.equal(
      [least - 1, least, least + 5000].map((count) => count >= 0 && match(`${'b'.repeat(count)}>`)),
      [false, true, true],
    )
  }
})

test('it does not matter where a repetition stands', () => {
  const times = (item: string): string => `${item}{0,1500}`
  const places = {
    first: `root ::= ${times('(a b)')}\na ::= "x"\nb ::= "y"`,
    last: `a ::= "x"\nb ::= "y"\nroot ::= ${times('(a b)')}`,
    optional: `root ::= ("xy" ${times('(a b)').replace('1500', '1499')})?\na ::= "x"\nb ::= "y"`,
    nested: `root ::= ((${times('("x" ("y"))')}))`,
    'twice repeated': 'root ::= ("xy"{5}){0,300}',
  }
  for (const [place, grammar] of Object.entries(places)) {
    const match = matches(grammar)
    assert.equal([match('xy'.repeat(1500)), match('xy'.repeat(1501)), match('')], [true, false, true], place)
  }
})

test('a million is held', () => {
  const match = matches('root ::= "a"{0,1000000} "."')
  assert.equal([match(`${'a'.repeat(3000)}.`), match('.'), match('a')], [true, true, false])
})

test('something that may be empty can be repeated without an upper bound', () => {
  for (const grammar of [
    'root ::= ("a"? | b)* "."\nb ::= "c" | ""',
    'root ::= b+ "."\nb ::= "c" | "a" | ""',
    'root ::= ("a"? "c"?){2,} "."',
    'root ::= (b b){2,} "."\nb ::= ("c"? "a"{0} | "a")*',
  ]) {
    const match = matches(grammar)
    assert.equal(['.', 'a.', 'acca.', 'ab.', 'ac'].map(match), [true, true, true, false, false], grammar)
  }
})

test('random grammars match the same texts as in llama.cpp', async () => {
  const native = await nativeMatcher()
  const random = seededRandom(7)
  let [matched, unread] = [0, 0]
  for (let round = 0; round < 150; round++) {
    const {text: grammar} = randomGrammar(random)
    const own = matches(grammar)
    const written = native(grammar)
    if (written === undefined) {
      unread++
      continue
    }
    for (let length = 0; length < 30; length++) {
      const text = Array.from({length: Math.floor(random() * 8)}, () => 'abc'[Math.floor(random() * 3)]).join('')
      const expected = written(text)
      matched += Number(expected)
      assert.is(own(text), expected, `${grammar}\n${JSON.stringify(text)}`)
    }
  }
  assert.ok(matched > 100 && unread < 100, `${matched} texts matched, llama.cpp rejected ${unread} grammars`)
})

const texts = (count: number): string => JSON.stringify('a'.repeat(count))
const list = (count: number): string => JSON.stringify(Array.from({length: count}, () => 1))
const object = (count: number): string =>
  JSON.stringify(Object.fromEntries(Array.from({length: count}, (_, index) => [`k${index}`, 1])))
const limits: [what: string, schema: (least: number, most: number) => object, write: (count: number) => string][] = [
  ['a text', (minLength, maxLength) => ({type: 'string', minLength, maxLength}), texts],
  ['a list', (minItems, maxItems) => ({type: 'array', items: {type: 'integer'}, minItems, maxItems}), list],
  [
    'a list after its first items',
    (minItems, maxItems) => ({type: 'array', prefixItems: [{const: 1}], items: {const: 1}, minItems, maxItems}),
    list,
  ],
  [
    'an object',
    (minProperties, maxProperties) => ({additionalProperties: {type: 'integer'}, minProperties, maxProperties}),
    object,
  ],
  [
    'an object after its properties',
    (minProperties, maxProperties) => ({
      properties: {k0: {const: 1}},
      additionalProperties: {const: 1},
      ...{minProperties, maxProperties},
    }),
    object,
  ],
  [
    'a text in a list in an object',
    (minLength, maxLength) => ({properties: {a: {type: 'array', items: {minLength, maxLength}, maxItems: 2}}}),
    (count) => `{"a":[${texts(count)}]}`,
  ],
]
for (const [what, schema, write] of limits) {
  for (const [least, most] of [
    [1, 1500],
    [3, 700],
    [1, 2000],
    [1, 2001],
    [1999, 2000],
    [2001, 2001],
    [2100, 3000],
  ] as const) {
    test(`${what} of ${least} to ${most} holds exactly`, () => {
      const match = matchesSchema(schema(least, most))
      const counts = [least - 1, least, most, most + 1].filter((count) => count > 0)
      assert.equal(
        counts.map((count) => match(write(count))),
        counts.map((count) => count >= least && count <= most),
      )
    })
  }
}

test('values and names with any character are written as JSON writes them', () => {
  const odd = [
    '\0',
    'a\0b',
    '\u0001\b\f\u001f',
    '\ud800',
    'x\udc00',
    '\u007f\u0085',
    '😀',
    '\\"\n\t\r',
    '\\u0000',
    '{5}',
  ]
  const match = matchesSchema({enum: odd})
  for (const value of odd) {
    const json = JSON.stringify(value).replace(/[\b\f\u007f\u0085]|\\[bf]/g, (character) => {
      const code = {'\\b': 8, '\\f': 12}[character] ?? character.charCodeAt(0)
      return `\\u${code.toString(16).padStart(4, '0')}`
    })
    assert.is(match(json), true, json)
    assert.is(JSON.parse(json), value)
  }
  const named = matchesSchema({type: 'object', properties: {'a\0': {const: 1}}})
  assert.is(named('{"a\\u0000":1}'), true)
  assert.is(named('{"a":1}'), false)
})

test('an integer has no exponent that could make it a fraction', () => {
  const match = matchesSchema({type: 'integer'})
  assert.equal(['1', '-20', '1e-1', '1e2', '0.5'].map(match), [true, true, false, false, false])
  const number = matchesSchema({type: ['number', 'null']})
  assert.equal(['1e-1', '0.5', 'null'].map(number), [true, true, true])
})

const repeatsOfEmpty: [grammar: string, held: string[], refused: string[]][] = [
  ['root ::= ("a"?){2000}', ['', 'a'.repeat(2000)], ['a'.repeat(2001), 'b']],
  ['root ::= ("a"?){1000000} "b"', ['b', 'aab'], ['', 'ba']],
  ['root ::= ("a"? "b"?){0,1000}', ['', 'ab', 'ba', 'bbaab'], ['c']],
  ['root ::= ("a"? "b"*){2,3}', ['', 'abab', 'bbabbab', 'aaa'], ['aaaa']],
  ['root ::= e{3000}\ne ::= "a" | ""', ['', 'aaa'], ['b']],
  ['root ::= e{3000}\ne ::= f f\nf ::= "(" e ")" | ""', ['', '(()())()'], ['(()', ')']],
  ['root ::= (e{1000}){1000}\ne ::= "a" | ""', ['', 'aaa'], ['b']],
  ['root ::= (("a"*)+ "b"?)+ "c"', ['c', 'aabac'], ['', 'ca']],
  ['root ::= ("" | "a"{0}){500} "b"', ['b'], ['', 'a']],
  ['root ::= e* "b"\ne ::= "" f\nf ::= "" | ""', ['b'], ['', 'bb']],
]
for (const [grammar, held, refused] of repeatsOfEmpty) {
  test(`what may be empty is repeated soon: ${JSON.stringify(grammar)}`, () => {
    const isMatch = matches(grammar)
    assert.equal(
      [...held, ...refused].map((text) => isMatch(text)),
      [...held.map(() => true), ...refused.map(() => false)],
    )
  })
}
