import fc from 'fast-check'
import * as assert from 'uvu/assert'
import {sortCandidates, softmax, type Candidates} from '../../../../../src/backend/engine/child/sampling/candidates.js'
import {minP, topK, topP, typicalP} from '../../../../../src/backend/engine/child/sampling/filters.js'
import {suite} from '../../../../support/suite.js'

const test = suite('sampling filters')

/** Candidates with these probabilities; their ids are their places. */
const withProbabilities = (...probabilities: number[]): Candidates =>
  sortCandidates(probabilities.map((p, id) => ({id, logit: Math.log(p)})))

const ids = (candidates: Candidates): number[] => candidates.map(({id}) => id)

const four = withProbabilities(0.5, 0.25, 0.15, 0.1)

const cases: [sentence: string, kept: Candidates, expected: number[]][] = [
  ['top-k keeps the k most likely', topK(four, 2, 1), [0, 1]],
  ['top-k of 0 or less keeps all', topK(four, -1, 1), [0, 1, 2, 3]],
  ['top-k keeps at least min_keep', topK(four, 1, 3), [0, 1, 2]],
  ['top-p keeps the smallest set that reaches p', topP(four, 0.7, 1), [0, 1]],
  ['top-p keeps the token that crosses p', topP(four, 0.76, 1), [0, 1, 2]],
  ['top-p of 0 keeps the most likely', topP(four, 0, 1), [0]],
  ['top-p keeps at least min_keep', topP(four, 0.1, 3), [0, 1, 2]],
  ['min-p keeps what is at least p times as likely as the best', minP(four, 0.29, 1), [0, 1, 2]],
  ['min-p keeps at least min_keep', minP(four, 0.99, 2), [0, 1]],
  // Entropy is 1.208 nats; surprises 0.693, 1.386, 1.897, 2.303: nearest is id 1, then 0, 2, 3.
  ['typical-p starts from the surprise nearest to the entropy', typicalP(four, 0.2, 1), [1]],
  ['typical-p goes on until p is exceeded', typicalP(four, 0.6, 1), [0, 1]],
  ['typical-p of 1 keeps all', typicalP(four, 1, 1), [0, 1, 2, 3]],
]

for (const [sentence, kept, expected] of cases) test(sentence, () => assert.equal(ids(kept), expected))

test('every filter keeps the best that it may, in order, and min_keep of them', () => {
  const probability = fc.double({min: 1e-6, max: 1, noNaN: true})
  fc.assert(
    fc.property(
      fc.array(probability, {minLength: 1, maxLength: 30}),
      fc.double({min: 0.01, max: 0.99, noNaN: true}),
      fc.integer({min: 1, max: 5}),
      (probabilities, p, keep) => {
        const candidates = withProbabilities(...probabilities)
        for (const kept of [topP(candidates, p, keep), minP(candidates, p, keep), typicalP(candidates, p, keep)]) {
          assert.ok(kept.length >= Math.min(keep, candidates.length))
          assert.equal(kept, sortCandidates(kept))
        }
      },
    ),
  )
})

test('probabilities sum to one, however large the logits are', () => {
  const sum = softmax([
    {id: 0, logit: 4000},
    {id: 1, logit: 3999},
  ]).reduce((total, p) => total + p, 0)
  assert.ok(Math.abs(sum - 1) < 1e-12)
})
