import * as assert from 'uvu/assert'
import {Bans} from '../../../../../src/backend/engine/child/sampling/bans.js'
import {suite} from '../../../../support/suite.js'

const test = suite('bans')

const texts = ['a', 'ban', 'ana', 'banana', 'na', ' x']
const none = (): number[] => []

const bans = (forbidden: string[], tokens: number[] = []): Bans => new Bans(tokens, forbidden, () => texts)

test('a token that holds the text is banned everywhere', () => {
  assert.equal(bans(['banana']).after('', none), [3])
})

test('a token that would complete the text is banned where it would', () => {
  assert.equal(bans(['banana']).after('a ban', none), [3, 2])
  assert.equal(bans(['banana']).after('a bana', none), [3, 4])
  assert.equal(bans(['banana']).after('bandana', none), [3])
})

test('token numbers are banned as they are', () => {
  assert.equal(bans([], [4, 5]).after('anything', none), [4, 5])
})

test('the list is the same object while nothing changes, so that a sampler need not be told again', () => {
  const list = bans(['banana'])
  assert.is(list.after('', none), list.after('xyz', none))
})

test('a text that only its tokens can spell is banned by them', () => {
  const list = new Bans([], ['🙂'], () => texts, [[7, 8, 9]])
  assert.equal(
    list.after('x', () => [1, 7, 8]),
    [9],
  )
  assert.equal(
    list.after('x', () => [1, 8]),
    [],
  )
})

test('without forbidden texts nobody looks at what was said', () => {
  const looked = (): never => {
    throw new Error('looked')
  }
  assert.equal(new Bans([3], [], () => texts).after('x', looked), [3])
})
