import * as assert from 'uvu/assert'
import {defaultConfig} from '../../../../../src/config/index.js'
import {NnError} from '../../../../../src/errors.js'
import type {Follower} from '../../../../../src/backend/engine/child/sampling/follower.js'
import {Grammars} from '../../../../../src/backend/engine/child/sampling/grammars.js'
import type {TokenSource} from '../../../../../src/backend/engine/child/sampling/automaton/vocabulary.js'
import {rejects} from '../../../../support/rejects.js'
import {suite} from '../../../../support/suite.js'
import {words} from './support/words.js'

const test = suite('the grammars of a model', {timeoutMs: 30_000})

const {sampling} = defaultConfig(2)
const source = words('a', 'aaaa', 'b', '{', '}', '"', '1', 'end', 'a'.repeat(64))

async function follow(grammar: string, grammars = new Grammars(source)): Promise<Follower> {
  const follower = await grammars.follow({...sampling, grammar})
  assert.ok(follower !== undefined)
  return follower
}
const followSchema = (json_schema: object, grammars = new Grammars(source)): Promise<Follower | undefined> =>
  grammars.follow({...sampling, json_schema: json_schema as Record<string, unknown>})

/** A vocabulary that counts how often it is read. */
function counted(): {source: TokenSource; reads: () => number} {
  let reads = 0
  const bytes = (token: number): readonly number[] => {
    if (token === 0) reads++
    return source.bytes(token)
  }
  return {source: {...source, bytes}, reads: () => reads}
}

test('without a grammar there is nothing to follow', async () => {
  assert.is(await new Grammars(source).follow(sampling), undefined)
})

test('an answer is followed token by token to its end', async () => {
  const follower = await follow('root ::= "ab"')
  assert.equal(
    [0, 2, 1, 7].map((token) => follower.allows(token)),
    [true, false, false, false],
  )
  follower.accept(0)
  assert.equal(
    [0, 2, 7].map((token) => follower.allows(token)),
    [false, true, false],
  )
  follower.accept(2)
  assert.equal(
    [0, 2, 7].map((token) => follower.allows(token)),
    [false, false, true],
  )
  follower.accept(7)
  assert.ok(follower.allows(7))
  assert.is(follower.allows(-1), false)
})

test('answers with one grammar are each at their own place, and share what was found out', async () => {
  const grammars = new Grammars(source)
  const [one, other] = [await follow('root ::= "a" "b"', grammars), await follow('root ::= "a" "b"', grammars)]
  const allowed = await one.allowed()
  assert.is(await other.allowed(), allowed)
  one.accept(0)
  assert.equal([one.allows(2), other.allows(2), other.allows(0)], [true, false, true])
})

test('the vocabulary is read once, and only for grammars', async () => {
  const {source: counting, reads} = counted()
  const grammars = new Grammars(counting)
  await grammars.follow(sampling)
  assert.is(reads(), 0)
  await Promise.all([follow('root ::= "a"', grammars), follow('root ::= "b"', grammars)])
  assert.is(reads(), 1)
})

test('a grammar that was used long ago is compiled again', async () => {
  const grammars = new Grammars(source)
  const old = await (await follow('root ::= "a"', grammars)).allowed()
  for (let index = 0; index < 40; index++) await follow(`root ::= "b"{${index + 1}}`, grammars)
  const fresh = await (await follow('root ::= "a"', grammars)).allowed()
  assert.is.not(fresh, old)
  assert.equal([...fresh.others()], [...old.others()])
})

test('large grammars leave no room for others', async () => {
  const grammars = new Grammars(source)
  const large = (letter: string): string => `root ::= "a" | "${letter.repeat(900_000)}"`
  const old = await (await follow(large('b'), grammars)).allowed()
  await follow(large('c'), grammars)
  await follow(large('d'), grammars)
  assert.is.not(await (await follow(large('b'), grammars)).allowed(), old)
})

const faults: [what: string, sampling: {grammar?: string; json_schema?: object}, message: RegExp][] = [
  ['a mistake', {grammar: 'root ::= "a" ('}, /^grammar: expecting '\)' at line 1, column 15\.$/],
  ['no text', {grammar: 'root ::= "a" root'}, /^grammar: there is no text that it matches/],
  ['no token', {grammar: 'root ::= "x"'}, /^grammar: no token of the model can begin a text that it matches\.$/],
  ['a schema of another type', {json_schema: {type: 'word'}}, /^json_schema\.type: must be one of/],
  ['a schema that no token can begin', {json_schema: {type: 'null'}}, /^json_schema: no token of the model can begin/],
  ['a deep schema', {json_schema: deep(5000)}, /^json_schema: is nested more than 64 levels deep\.$/],
  ['a deep value', {json_schema: {const: deep(5000)}}, /^json_schema: is nested more than 64 levels deep\.$/],
  ['a value deep where no schema is', {json_schema: {type: deep(5000)}}, /nested more than 64 levels deep/],
  ['a broad schema', {json_schema: {enum: Array(60_000).fill(1)}}, /^json_schema: has more than 50000 values\.$/],
  [
    'a large schema',
    {
      json_schema: {
        anyOf: Array.from({length: 9000}, (_, at) => ({properties: {[`${at}${'-'.repeat(199)}`]: {}}})),
      },
    },
    /^json_schema: it is too large: .* more than 1000000 positions\.$/,
  ],
]
for (const [what, {grammar = '', json_schema = null}, message] of faults) {
  test(`${what} is an invalid argument, each time`, async () => {
    const grammars = new Grammars(source)
    const asked = {...sampling, grammar, json_schema: json_schema as Record<string, unknown> | null}
    for (let time = 0; time < 2; time++) await rejects(grammars.follow(asked), 'invalid_argument', message)
  })
}

const ambiguous = 'root ::= ((("a"{1,100} "b"?){1,100} "1"?){1,100})'

test('an answer ends where its grammar has become too ambiguous, and others with it go on', async () => {
  const grammars = new Grammars(source)
  const hostile = await follow(ambiguous, grammars)
  const until = (): void => {
    for (let count = 0; count < 30; count++) {
      assert.ok(hostile.allows(8))
      hostile.accept(8)
    }
  }
  assert.throws(until, (error: unknown) => {
    return (
      error instanceof NnError &&
      error.reason === 'invalid_argument' &&
      /too ambiguous: .* 250000 steps/.test(error.message)
    )
  })
  const other = await follow(ambiguous, grammars)
  other.accept(1)
  assert.equal([other.allows(1), other.allows(3)], [true, false])
})

test('steps are counted for each token anew', async () => {
  const follower = await follow('root ::= e\ne ::= "a" ("b" e)*')
  for (let count = 0; count < 100; count++) for (const token of [0, 2]) follower.accept(token)
  assert.ok(follower.allows(0))
})

test('a grammar that is too ambiguous from the start is rejected', async () => {
  const names = Array.from({length: 50_000}, (_, at) => `r${at}`)
  const grammar = `root ::= ${names.join('|')}\n${names.map((name) => `${name}::="a"\n`).join('')}`
  await rejects(follow(grammar), 'invalid_argument', /^grammar: it is too ambiguous/)
})

test('an enumeration of 30,000 values is followed', async () => {
  const values = Array.from({length: 30_000}, (_, at) => `ab${at.toString(2).replaceAll('0', 'a')}`)
  const follower = await followSchema({enum: values})
  for (const token of [5, 0, 2, 6, 0]) follower?.accept(token)
  assert.equal(
    [5, 6, 0, 3, 2].map((token) => follower?.allows(token)),
    [true, true, true, false, false],
  )
})

test('small grammars do not wait for large ones', async () => {
  const grammars = new Grammars(source)
  const ended: string[] = []
  const large = follow(`root ::= "a" | "${'b'.repeat(500_000)}"`, grammars).then(() => ended.push('large'))
  const small = follow('root ::= "a"', grammars).then(() => ended.push('small'))
  await Promise.all([large, small])
  assert.equal(ended, ['small', 'large'])
})

function deep(levels: number): object {
  let value: object = {}
  for (let level = 0; level < levels; level++) value = {items: value}
  return value
}
