import * as assert from 'uvu/assert'
import {figuresOf, parseSlo, type Exchange} from '../../../src/bench/traffic/index.js'
import {suite} from '../../support/suite.js'
import {request} from '../support/request.js'

const test = suite('figures of traffic')

/** Arrivals are `[time, pieces]`; the request was due at 0. */
function exchange(arrivals: [number, number][], changes: Partial<Exchange> = {}): Exchange {
  const pieces = arrivals.reduce((sum, [, count]) => sum + count, 0)
  return {
    request: {prompt: '', maxTokens: pieces},
    scheduledMs: 0,
    sentMs: 0,
    endedMs: arrivals.at(-1)?.[0],
    arrivals: arrivals.map(([atMs, count]) => ({atMs, pieces: count})),
    text: '',
    outcome: {kind: 'completed', completion: request({generated_tokens: pieces})},
    ...changes,
  }
}

const failed = exchange([], {outcome: {kind: 'failed', error: new Error('no')}, endedMs: 50})
const figures = (exchanges: Exchange[], fromMs = 0, toMs = 1000) =>
  figuresOf({exchanges, window: {fromMs, toMs}, longPrompt: undefined})

test('tokens of one flush share the time in front of them; the longest gap is what a reader waits', () => {
  assert.equal(
    figures([
      exchange([
        [10, 1],
        [20, 1],
        [50, 3],
      ]),
    ]).itlMs,
    {p50: 10, p95: 10, max: 30},
  )
})

test('only what arrived within the window counts', () => {
  const {tokens, ttftMs, itlMs} = figures(
    [
      exchange([
        [10, 1],
        [20, 1],
        [60, 1],
        [70, 1],
      ]),
    ],
    15,
    60,
  )
  assert.equal([tokens, ttftMs], [2, undefined])
  assert.equal(itlMs, {p50: 25, p95: 38.5, max: 40})
})

test('a piece that is several tokens counts as such, in unfinished answers too', () => {
  const whole = exchange(
    [
      [10, 1],
      [20, 1],
    ],
    {
      outcome: {kind: 'completed', completion: request({generated_tokens: 4})},
    },
  )
  const cut = exchange(
    [
      [10, 1],
      [20, 1],
    ],
    {outcome: {kind: 'aborted'}},
  )
  assert.is(figures([whole, cut]).tokens, 8)
})

test('latencies count from when the request was due, not from when it was sent', () => {
  assert.is(figures([exchange([[110, 1]], {sentMs: 100})]).ttftMs?.p50, 110)
})

test('prompt tokens that came from a cache are summed, and unknown where one is not known', () => {
  const completed = (changes: object) =>
    exchange([[10, 1]], {outcome: {kind: 'completed', completion: request(changes)}})
  const {promptTokens, cachedTokens} = figures([completed({cached_tokens: 60}), completed({cached_tokens: 20})])
  assert.equal([promptTokens, cachedTokens], [200, 80])
  assert.is(figures([completed({cached_tokens: null}), completed({})]).cachedTokens, undefined)
})

test('goodput is the share of requests that met both objectives, and failed ones did not', () => {
  const quick = exchange([
    [100, 1],
    [110, 1],
  ])
  const late = exchange([
    [300, 1],
    [310, 1],
  ])
  const slow = exchange([
    [100, 1],
    [200, 1],
  ])
  const of = (slo: string): number | undefined =>
    figuresOf(
      {exchanges: [quick, late, slow, failed], window: {fromMs: 0, toMs: 1000}, longPrompt: undefined},
      parseSlo(slo),
    ).goodput
  assert.is(of('ttft=200ms,itl=50ms'), 0.25)
  assert.is(of('ttft=0.2s'), 0.5)
  assert.is(of('itl=1s'), 0.75)
  assert.is(figures([quick]).goodput, undefined)
})

test('objectives have a name, a number and a unit', () => {
  assert.equal(parseSlo('ttft=2s, itl=50.5ms'), {ttftMs: 2000, itlMs: 50.5})
  for (const text of ['', 'ttft', 'ttft=5', 'tpot=5ms', 'ttft=5ms;itl=5ms']) {
    assert.throws(() => parseSlo(text), /--slo got/)
  }
})
