import * as assert from 'uvu/assert'
import type {Candidates} from '../../../../../src/backend/engine/child/sampling/candidates.js'
import {Mirostat} from '../../../../../src/backend/engine/child/sampling/mirostat.js'
import {seededRandom} from '../../../../../src/system/random.js'
import {suite} from '../../../../support/suite.js'

const test = suite('mirostat')

/** A Zipf distribution, as vocabularies have. */
const zipf: Candidates = Array.from({length: 1000}, (_, id) => ({id, logit: -1.1 * Math.log(id + 1)}))
const total = zipf.reduce((sum, {logit}) => sum + Math.exp(logit), 0)

/** Mean surprise, in bits of the whole distribution, of the tokens sampled once `mu` has settled. */
const meanSurprise = (version: 1 | 2, tau: number): number => {
  const mirostat = new Mirostat(version, tau, 0.1, 1000)
  const random = seededRandom(7)
  const surprises = Array.from({length: 4000}, () => {
    const id = mirostat.sample(zipf, random)
    return -Math.log2(Math.exp(zipf[id]?.logit ?? 0) / total)
  })
  const settled = surprises.slice(1000)
  return settled.reduce((sum, surprise) => sum + surprise, 0) / settled.length
}

test('a lower target gives less surprising tokens', () => {
  for (const version of [1, 2] as const) {
    assert.ok(meanSurprise(version, 2) < meanSurprise(version, 4), `version ${version}`)
  }
})

test('version 2 drops what is more surprising than mu, which starts at twice tau', () => {
  // With mu = 2 bits only candidates of at least a quarter may be chosen.
  const candidates = [0.5, 0.3, 0.2].map((p, id) => ({id, logit: Math.log(p)}))
  assert.is(
    new Mirostat(2, 1, 0.1, 3).sample(candidates, () => 0.999),
    1,
  )
})

test('after a surprising token the next choice is narrower', () => {
  const candidates = [0.5, 0.3, 0.2].map((p, id) => ({id, logit: Math.log(p)}))
  // 0.5 / 0.8 is 0.68 bits, 0.3 / 0.8 is 1.42 bits: mu goes from 2 to 2 - 10 * 0.42 < 0, so one candidate stays.
  const mirostat = new Mirostat(2, 1, 10, 3)
  assert.equal([mirostat.sample(candidates, () => 0.999), mirostat.sample(candidates, () => 0.999)], [1, 0])
})

test('equal candidates do not break the estimate of version 1', () => {
  const flat = [0, 1, 2].map((id) => ({id, logit: 0}))
  const drawn = new Set(Array.from({length: 60}, (_, i) => new Mirostat(1, 3, 0.1, 3).sample(flat, () => i / 60)))
  assert.ok(drawn.size >= 1 && [...drawn].every((id) => id >= 0 && id <= 2))
})
