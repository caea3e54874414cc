import * as assert from 'uvu/assert'
import {applyPenalties} from '../../../../../src/backend/engine/child/sampling/penalties.js'
import {suite} from '../../../../support/suite.js'

const test = suite('penalties')

const candidates = [
  {id: 1, logit: 4},
  {id: 2, logit: 3},
  {id: 3, logit: -1},
]
const none = {repeat: 1, presence: 0, frequency: 0}

test('the repeat penalty divides a positive logit and multiplies a negative one', () => {
  assert.equal(applyPenalties(candidates, [1, 3], {...none, repeat: 2}), [
    {id: 2, logit: 3},
    {id: 1, logit: 2},
    {id: 3, logit: -2},
  ])
})

test('presence is taken once, frequency for every time', () => {
  const [first] = applyPenalties(candidates, [1, 1, 1], {...none, presence: 0.5})
  assert.equal(first, {id: 1, logit: 3.5})
  const lowered = applyPenalties(candidates, [1, 1, 1], {...none, frequency: 0.5})
  assert.equal(
    lowered.find(({id}) => id === 1),
    {id: 1, logit: 2.5},
  )
})

test('neutral values change nothing', () => {
  assert.equal(applyPenalties(candidates, [1, 2, 3], none), candidates)
})
