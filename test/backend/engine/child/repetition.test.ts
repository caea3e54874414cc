import * as assert from 'uvu/assert'
import {repeats} from '../../../../src/backend/engine/child/repetition.js'
import {suite} from '../../../support/suite.js'

const test = suite('repetition')

const cases: [sentence: string, tokens: number[], count: number, expected: boolean][] = [
  ['an n-gram said often enough', [9, 1, 2, 3, 1, 2, 3, 1, 2, 3], 3, true],
  ['one time too few', [9, 1, 2, 3, 1, 2, 3], 3, false],
  ['a repetition that has ended', [1, 2, 3, 1, 2, 3, 4], 2, false],
  ['one token said six times is a 3-gram said twice', [7, 7, 7, 7, 7, 7], 2, true],
  ['two tokens are too short to be an n-gram', [1, 2, 1, 2], 2, false],
  ['a longer n-gram', [...Array(40).keys(), ...Array(40).keys()], 2, true],
]

for (const [sentence, tokens, count, expected] of cases) {
  test(`${sentence}: ${expected ? 'repeats' : 'does not'}`, () => assert.is(repeats(tokens, count), expected))
}
