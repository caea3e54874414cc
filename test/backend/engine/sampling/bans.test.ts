import * as assert from 'uvu/assert'
import {Bans} from '../../../../src/backend/engine/sampling/bans.js'
import {suite} from '../../../support/suite.js'

const test = suite('bans')

const texts = ['a', 'ban', 'ana', 'banana', 'na', ' x']
const bans = (forbidden: string[], tokens: number[] = []): Bans => new Bans(tokens, forbidden, () => texts)

test('a token that holds the text is banned everywhere', () => {
  assert.equal(bans(['banana']).after(''), [3])
})

test('a token that would complete the text is banned where it would', () => {
  assert.equal(bans(['banana']).after('a ban'), [3, 2])
  assert.equal(bans(['banana']).after('a bana'), [3, 4])
  assert.equal(bans(['banana']).after('bandana'), [3])
})

test('token numbers are banned as they are', () => {
  assert.equal(bans([], [4, 5]).after('anything'), [4, 5])
})

test('the list is the same object while nothing changes, so that a sampler need not be told again', () => {
  const list = bans(['banana'])
  assert.is(list.after(''), list.after('xyz'))
})
