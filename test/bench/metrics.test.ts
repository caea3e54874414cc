import * as assert from 'uvu/assert'
import {metricsOf} from '../../src/bench/metrics.js'
import type {RequestSample, Test} from '../../src/bench/result.js'
import {sampleWarnings} from '../../src/bench/warnings.js'
import {suite} from '../support/suite.js'
import {request} from './support/request.js'

const test = suite('metrics')
const pp = {workload: 'pp', depth: 0} as const
const tg = {workload: 'tg', depth: 0} as const

test('pp is the prompt to the first token, without what was cached', () => {
  assert.equal(metricsOf(pp, [request()]), {pp: 500, ttft: 200})
  assert.equal(metricsOf(pp, [request({cached_tokens: 50})]), {pp: 250, ttft: 200})
})

test('a server that tells no cache had nothing of a new prompt, and nobody knows what of a depth', () => {
  assert.is(metricsOf(pp, [request({cached_tokens: null})]).pp, 500)
  assert.equal(metricsOf({...pp, depth: 50}, [request({cached_tokens: null})]), {ttft: 200})
})

test('without a count of prompt tokens there is no pp', () => {
  assert.equal(metricsOf(pp, [request({prompt_tokens: null})]), {ttft: 200})
})

test('tg counts the tokens behind the first, which belongs to the prompt', () => {
  assert.equal(metricsOf(tg, [request()]), {tg: 100, itl: 10})
})

test("a backend's own clock tells tg, whatever its clients saw", () => {
  const own = request({counted: 'engine', engine_ms: {prompt: 150, predict: 50}, gaps_ms: []})
  assert.equal(metricsOf(tg, [own]), {tg: 200, itl: 5})
})

test("a server's own clock does not: it is not known what it counts", () => {
  assert.equal(metricsOf(tg, [request({engine_ms: {prompt: 150, predict: 50}})]), {tg: 100, itl: 10})
})

test('an answer in one piece, or of one token, has no rate', () => {
  assert.equal(metricsOf(tg, [request({gaps_ms: [], ttft_ms: 300})]), {})
  assert.equal(metricsOf(tg, [request({generated_tokens: 1, gaps_ms: []})]), {})
})

test('streams are counted from the first request to the last token', () => {
  const streams = [request(), request({start_ms: 100, ttft_ms: 300, total_ms: 400})]
  const {throughput, ttft, itl, gap_p95} = metricsOf({workload: 'concurrency', depth: 0}, streams)
  assert.equal([throughput, ttft, itl, gap_p95], [44, 250, 10, 10])
})

test('a prompt that comes again is compared with when it was new', () => {
  const values = metricsOf({workload: 'prefix', depth: 0}, [request(), request({ttft_ms: 20})])
  assert.equal(values, {ttft_fresh: 200, ttft_cached: 20, cache_gain: 10})
})

const sizes: Test = {
  ...{name: 'tg11', workload: 'tg', prompt_tokens: 100, generate_tokens: 11, depth: 0, concurrency: 1},
}
const warned = (changes: Partial<RequestSample>, of: Partial<Test> = {}): string[] => {
  const sample = {subject: 's', test: 'tg11', repetition: 1, at_ms: 0, metrics: {}, requests: [request(changes)]}
  return sampleWarnings([sample, sample], [{...sizes, ...of}]).map((text) => text.replace('s, tg11: ', ''))
}

const odd: [what: string, changes: Partial<RequestSample>, of: Partial<Test>, message: RegExp][] = [
  ['a prompt of another length', {prompt_tokens: 103}, {}, /had 103 tokens instead of 100/],
  [
    'a prompt that nobody counts',
    {prompt_tokens: null},
    {workload: 'pp'},
    /does not report the number of prompt tokens/,
  ],
  ['an answer that ended early', {generated_tokens: 7, ended_early: true}, {}, /ended after 7 of 11 tokens/],
  ['tokens that are pieces', {counted: 'pieces'}, {}, /Each piece of text counts as one token/],
  ['a conversation that does not fit', {dropped_messages: 2}, {}, /did not fit into the context/],
  ['one in traffic', {dropped_messages: 2}, {workload: 'traffic'}, /its oldest messages were left out of prompts/],
  ['a prompt from the cache', {cached_tokens: 60}, {workload: 'pp'}, /60 tokens came from a cache/],
  [
    'a cache that nobody tells of',
    {cached_tokens: null},
    {workload: 'pp', depth: 9, prompt_tokens: 91},
    /cached tokens/,
  ],
  ['an answer in one piece', {gaps_ms: [], ttft_ms: 300}, {}, /arrived at once/],
  [
    'tokens that come in heaps',
    {gaps_ms: [50, 50], pieces: 11, first_pieces: 1},
    {},
    /several tokens arrive at a time/,
  ],
  ['heaps of many streams', {gaps_ms: [50, 50], pieces: 11}, {workload: 'concurrency'}, /several tokens/],
]
for (const [what, changes, of, message] of odd) {
  test(`${what} is told, once`, () => {
    const [first = '', ...others] = warned(changes, of)
    assert.match(first, message)
    assert.equal(others, [])
  })
}

test('nothing is said of what is as it should be', () => {
  assert.equal(warned({}), [])
  assert.equal(warned({cached_tokens: null}, {workload: 'pp'}), [])
  assert.equal(warned({prompt_tokens: null}), [])
})

test('what came behind the first arrival is what its time is for', () => {
  const heaps = request({gaps_ms: [50, 50], pieces: 11, first_pieces: 6})
  assert.equal(metricsOf(tg, [heaps]), {tg: 50, itl: 20})
})

test('an answer in two heaps has no rate: most of its time may be in front of the first', () => {
  assert.equal(metricsOf(tg, [request({ttft_ms: 299, gaps_ms: [1], pieces: 11, first_pieces: 1})]), {})
})
