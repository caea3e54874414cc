import fc from 'fast-check'
import * as assert from 'uvu/assert'
import {SavedCaches, type SavedCache} from '../../../src/backend/memory/saved-caches.js'
import {suite} from '../../support/suite.js'

const test = suite('saved caches')

const cache = (session: string, tokens = 100, usedAt = 0): SavedCache => ({
  ...{model: 0, session, tokens, bytes: tokens * 1000, usedAt},
})
const names = (gone: readonly SavedCache[]): string[] => gone.map(({session}) => session)

test('lru gives up the session that computed longest ago', () => {
  const caches = new SavedCaches('lru', 200)
  caches.put(cache('a', 100, 20), 1)
  caches.put(cache('b', 100, 10), 2)
  assert.equal(names(caches.put(cache('c', 100, 30), 3)), ['b'])
})

test('fifo gives up the session whose first cache is the oldest, though it came back', () => {
  const caches = new SavedCaches('fifo', 200)
  caches.put(cache('a', 100, 1), 1)
  caches.put(cache('b', 100, 2), 2)
  caches.restored(0, 'a')
  caches.put(cache('a', 100, 3), 3)
  assert.equal(names(caches.put(cache('c', 100, 4), 4)), ['a'])
})

test('smart gives up sessions that never came back before one that did', () => {
  const caches = new SavedCaches('smart', 300)
  caches.put(cache('regular', 100, 1), 1)
  caches.restored(0, 'regular')
  caches.put(cache('regular', 100, 2), 2)
  for (let i = 0; i < 3; i++) caches.put(cache(`once-${i}`, 100, 10 + i), 10 + i)
  assert.equal(names(caches.giveUp(() => caches.tokens > 100)), ['once-1', 'once-2'])
})

test('old fame fades: a session that is not seen any more goes in the end', () => {
  const caches = new SavedCaches('smart', 300)
  caches.put(cache('famous'), 0)
  for (let i = 0; i < 5; i++) {
    caches.restored(0, 'famous')
    caches.put(cache('famous'), i)
  }
  const gone = Array.from({length: 60}, (_, i) => names(caches.put(cache(`once-${i}`), 10 + i))).flat()
  assert.ok(gone.includes('famous') && gone.indexOf('famous') > 5)
})

test('one that is larger than all that is allowed goes itself, and takes no other with it in lru order', () => {
  const caches = new SavedCaches('lru', 150)
  assert.equal(names(caches.put(cache('large', 200, 1), 1)), ['large'])
})

test('a session that is forgotten, and a model, leave nothing', () => {
  const caches = new SavedCaches('lru', 1000)
  caches.put(cache('a'), 1)
  caches.put({...cache('a'), model: 1}, 1)
  caches.put({...cache('b b'), model: 1}, 1)
  caches.forgetSession('a')
  assert.equal([caches.size, caches.tokens, caches.bytes], [1, 100, 100_000])
  caches.forgetModel(1)
  assert.is(caches.size, 0)
})

type Step = {act: 'put'; session: number; tokens: number} | {act: 'restored' | 'remove' | 'forget'; session: number}

const session = fc.integer({min: 0, max: 8})
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    fc.record({act: fc.constant('put' as const), session, tokens: fc.integer({min: 1, max: 400})}),
    fc.record({act: fc.constantFrom('restored' as const, 'remove' as const, 'forget' as const), session}),
  ),
  {maxLength: 60},
)
const strategies = fc.constantFrom('lru' as const, 'fifo' as const, 'smart' as const)

test('whatever happens, the limit holds and every cache that was put in is kept or accounted for once', () => {
  fc.assert(
    fc.property(strategies, fc.integer({min: 0, max: 1000}), steps, (strategy, limit, all) => {
      const caches = new SavedCaches(strategy, limit)
      const expected = new Map<string, number>()
      for (const [at, step] of all.entries()) {
        const name = `s${step.session}`
        if (step.act === 'put') {
          expected.set(name, step.tokens)
          for (const gone of caches.put(cache(name, step.tokens, at), at)) {
            assert.is(expected.get(gone.session), gone.tokens)
            expected.delete(gone.session)
          }
        } else {
          expected.delete(name)
          if (step.act === 'restored') caches.restored(0, name)
          if (step.act === 'remove') caches.remove(0, name)
          if (step.act === 'forget') caches.forgetSession(name)
        }
        assert.ok(caches.tokens <= limit)
        assert.is(caches.size, expected.size)
        assert.is(
          caches.tokens,
          [...expected.values()].reduce((sum, tokens) => sum + tokens, 0),
        )
      }
    }),
  )
})

test('no more is given up than has to be', () => {
  fc.assert(
    fc.property(
      strategies,
      fc.array(fc.integer({min: 1, max: 100}), {minLength: 1, maxLength: 40}),
      (strategy, sizes) => {
        const caches = new SavedCaches(strategy, 300)
        for (const [at, tokens] of sizes.entries()) {
          const gone = caches.put(cache(`s${at}`, tokens, at), at)
          // Without the last one that went, it would still have been too much.
          const last = gone.at(-1)
          if (last !== undefined) assert.ok(caches.tokens + last.tokens > 300)
        }
      },
    ),
  )
})
