import * as assert from 'uvu/assert'
import {PieceTimes} from '../../src/bench/piece-times.js'
import {suite} from '../support/suite.js'

const test = suite('when pieces come')

test('pieces that come at once are one arrival', () => {
  let now = 0
  const times = new PieceTimes(() => now)
  for (const at of [10, 10.01, 10.02, 20, 30, 30.05]) {
    now = at
    times.piece()
  }
  now = 31
  times.end()
  now = 99
  times.end()
  const {gaps_ms, ...others} = times.times()
  assert.equal(others, {ttft_ms: 10, total_ms: 31, pieces: 6, first_pieces: 3})
  assert.equal(
    gaps_ms.map((gap) => Math.round(gap)),
    [10, 10],
  )
  assert.is(times.count, 6)
})

test('an answer without text has its first token with its end', () => {
  let now = 5
  const times = new PieceTimes(() => now)
  now = 12
  times.end()
  assert.equal(times.times(), {ttft_ms: 7, total_ms: 7, gaps_ms: [], pieces: 0, first_pieces: 0})
})
