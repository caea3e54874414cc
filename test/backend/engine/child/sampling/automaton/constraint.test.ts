import * as assert from 'uvu/assert'
import type {Constraint} from '../../../../../../src/backend/engine/child/sampling/automaton/constraint.js'
import type {State} from '../../../../../../src/backend/engine/child/sampling/automaton/states.js'
import {atOnce} from '../../../../../../src/backend/engine/child/sampling/pieces.js'
import {seededRandom} from '../../../../../../src/system/random.js'
import {suite} from '../../../../../support/suite.js'
import {randomGrammar} from '../support/random-grammar.js'
import {constraintOf, words} from '../support/words.js'

const test = suite('tokens that a grammar allows', {timeoutMs: 20_000})

const euro = [...Buffer.from('€')]
const texts = [
  'a',
  'ab',
  'b',
  'c',
  'abc',
  '',
  'end',
  '\0',
  '\0a',
  'ab',
  '€',
  euro.slice(0, 1),
  euro.slice(1),
  euro.slice(0, 2),
  '<x>',
]
const source = words(...texts)

/** The texts of the tokens that are allowed, at the start or after some tokens. */
function allowed(constraint: Constraint, ...before: number[]): number[] {
  let state: State | undefined = constraint.start
  for (const token of before) state = state && constraint.after(state, token)
  if (state === undefined) return []
  const found = atOnce(constraint.allowed(state))
  return texts.flatMap((_, token) => (found.has(token) ? [token] : []))
}

const grammars: [what: string, grammar: string, before: number[], tokens: number[]][] = [
  ['tokens that begin a text', 'root ::= "abc"', [], [0, 1, 4, 9]],
  ['tokens that go on with it', 'root ::= "abc"', [0], [2]],
  ['after tokens of the same text', 'root ::= "abc"', [9], [3]],
  ['an end token when the text is complete', 'root ::= "ab"+', [1], [0, 1, 6, 9]],
  ['only an end token when nothing can follow', 'root ::= "abc"', [4], [6]],
  ['an end token at once', 'root ::= "a"?', [], [0, 6]],
  ['whole characters and parts of them', 'root ::= [€]', [], [10, 11, 13]],
  ['the rest of a character', 'root ::= [€] "a"', [11], [12]],
  ['no token with a NUL, and none without a text', 'root ::= .+', [], [0, 1, 2, 3, 4, 9, 10, 11, 13, 14]],
  ['a token by its id, also one without a text', 'root ::= <[5]> "a"', [], [5]],
  ['what follows a token by its id', 'root ::= <[5]> "a"', [5], [0]],
  ['a token by its id or its text', 'root ::= "<" . ">" | <[14]> "b"', [14], [2, 6]],
  ['no end token by its id', 'root ::= <[6]> | "b"', [], [2]],
  ['any token with a text but one', 'root ::= !<[4]> "c"', [], [0, 1, 2, 3, 9, 10, 11, 12, 13, 14]],
  ['a token that is not there', 'root ::= <[99]> | "b"', [], [2]],
  ['a token within a token', 'root ::= "a" <[2]>', [], [0]],
]
for (const [what, grammar, before, tokens] of grammars) {
  test(`${what}: ${grammar}`, () => assert.equal(allowed(constraintOf(grammar, source), ...before), tokens))
}

test('a token is among those allowed if and only if it can be taken', () => {
  const random = seededRandom(3)
  let [taken, rejected] = [0, 0]
  for (let round = 0; round < 100; round++) {
    const grammar = randomGrammar(random).text
    let constraint: Constraint
    try {
      constraint = constraintOf(grammar, source)
    } catch (error) {
      assert.match(String(error), /there is no text/)
      continue
    }
    let state: State | undefined = constraint.start
    for (let length = 0; state !== undefined && length < 6; length++) {
      const found = atOnce(constraint.allowed(state))
      const possible: number[] = []
      for (const token of texts.keys()) {
        if (constraint.isEnd(token)) continue
        const after = constraint.after(state, token)
        assert.is(found.has(token), after !== undefined, `${grammar}: ${JSON.stringify(texts[token])}`)
        if (after === undefined) rejected++
        else possible.push(token)
      }
      taken += possible.length
      const next = possible[Math.floor(random() * possible.length)]
      state = next === undefined ? undefined : constraint.after(state, next)
    }
  }
  assert.ok(taken > 500 && rejected > 500, `${taken} taken, ${rejected} rejected`)
})

test('the tokens of a state are found once', () => {
  const constraint = constraintOf('root ::= [a-c]*', source)
  const first = atOnce(constraint.allowed(constraint.start))
  const {done} = constraint.matcher.work
  const after = constraint.after(constraint.start, 4) ?? constraint.start
  assert.is(atOnce(constraint.allowed(after)), first)
  assert.is(constraint.matcher.work.done, done)
})

test('all other tokens are the rest of the vocabulary', () => {
  const constraint = constraintOf('root ::= "abc"', source)
  const found = atOnce(constraint.allowed(constraint.start))
  assert.equal([found.count, [...found.others()]], [4, [2, 3, 5, 6, 7, 8, 10, 11, 12, 13, 14]])
})
