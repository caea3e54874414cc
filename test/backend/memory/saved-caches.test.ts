import fc from 'fast-check'
import * as assert from 'uvu/assert'
import {SavedCaches, type CacheLimits, type SavedCache} from '../../../src/backend/memory/saved-caches.js'
import {suite} from '../../support/suite.js'

const test = suite('saved caches')

/** The last cache of a session: it takes the place of the one before. */
const cache = (session: string, tokens = 100, usedAt = 0): SavedCache => ({
  ...{id: session, model: 'm', session, line: session, file: `/${session}.kv`},
  ...{tokens, bytes: tokens * 1000, usedAt},
})
const names = (gone: readonly SavedCache[]): string[] => gone.map(({id}) => id)
const limited = (strategy: 'lru' | 'fifo' | 'smart', limits: Partial<CacheLimits> | number): SavedCaches =>
  new SavedCaches(strategy, {
    ...{maxTokens: Infinity, maxBytes: Infinity, maxAgeMs: Infinity},
    ...(typeof limits === 'number' ? {maxTokens: limits} : limits),
  })

test('lru evicts the cache that was used longest ago', () => {
  const caches = limited('lru', 200)
  caches.put(cache('a', 100, 20), 1)
  caches.put(cache('b', 100, 10), 2)
  assert.equal(names(caches.put(cache('c', 100, 30), 3)), ['b'])
})

test('fifo evicts the cache of the oldest conversation, though it came back', () => {
  const caches = limited('fifo', 200)
  caches.put(cache('a', 100, 1), 1)
  caches.put(cache('b', 100, 2), 2)
  caches.restored('a', 0)
  caches.put(cache('a', 100, 3), 3)
  assert.equal(names(caches.put(cache('c', 100, 4), 4)), ['a'])
})

test('smart evicts conversations that never came back before one that did', () => {
  const caches = limited('smart', 300)
  caches.put(cache('regular', 100, 1), 1)
  caches.restored('regular', 0)
  caches.put(cache('regular', 100, 2), 2)
  for (let i = 0; i < 3; i++) caches.put(cache(`once-${i}`, 100, 10 + i), 10 + i)
  assert.equal(names(caches.evict(() => caches.tokens > 100)), ['once-1', 'once-2'])
})

test('old fame fades: a conversation that is not seen any more goes in the end', () => {
  const caches = limited('smart', 300)
  caches.put(cache('famous'), 0)
  for (let i = 0; i < 5; i++) {
    caches.restored('famous', 0)
    caches.put(cache('famous'), i)
  }
  const gone = Array.from({length: 60}, (_, i) => names(caches.put(cache(`once-${i}`), 10 + i))).flat()
  assert.ok(gone.includes('famous') && gone.indexOf('famous') > 5)
})

test('one that is larger than all that is allowed goes itself, and takes no other with it in lru order', () => {
  const caches = limited('lru', 150)
  assert.equal(names(caches.put(cache('large', 200, 1), 1)), ['large'])
})

test('a session that is forgotten leaves nothing; caches of others, and of requests without one, stay', () => {
  const caches = limited('lru', 1000)
  caches.put(cache('a'), 1)
  caches.put({...cache('a'), id: 'a on another model', model: 'n'}, 1)
  caches.put({...cache('b'), session: null}, 1)
  assert.equal(names(caches.forgetSession('a')), ['a', 'a on another model'])
  assert.equal([caches.size, caches.tokens, caches.bytes, caches.has('b')], [1, 100, 100_000, true])
})

test('the limit of bytes holds beside that of tokens', () => {
  const caches = limited('lru', {maxTokens: 300, maxBytes: 150_000})
  caches.put(cache('a', 100, 1), 1)
  assert.equal(names(caches.put(cache('b', 100, 2), 2)), ['a'])
  assert.equal(names(caches.put({...cache('c', 250, 3), bytes: 1}, 3)), ['b'])
})

test('a cache expires when nobody has used it for long enough; being restored counts as a use', () => {
  const caches = limited('lru', {maxAgeMs: 100})
  caches.put(cache('a', 100, 0), 0)
  caches.put(cache('b', 100, 0), 0)
  caches.restored('a', 60)
  assert.equal(names(caches.expire(99)), [])
  assert.equal(names(caches.expire(100)), ['b'])
  assert.equal(names(caches.expire(159)), [])
  assert.equal(names(caches.expire(160)), ['a'])
  assert.equal([caches.size, caches.tokens, caches.bytes], [0, 0, 0])
})

test('caches of one conversation count as one: the fame of the first holds for the next', () => {
  const caches = limited('smart', 200)
  caches.put({...cache('first', 100, 1), line: 'talk'}, 1)
  caches.restored('first', 2)
  caches.remove('first')
  caches.put({...cache('second', 100, 3), line: 'talk'}, 3)
  caches.put(cache('other', 100, 4), 4)
  assert.equal(names(caches.put(cache('third', 100, 5), 5)), ['other'])
})

test('removing, restoring and expiring what is not there does nothing', () => {
  const caches = limited('lru', 200)
  caches.restored('a', 1)
  assert.equal([caches.remove('a'), caches.forgetSession('a'), caches.expire(5)], [undefined, [], []])
  assert.equal(
    caches.evict(() => true),
    [],
  )
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
      const caches = limited(strategy, limit)
      const expected = new Map<string, number>()
      for (const [at, step] of all.entries()) {
        const name = `s${step.session}`
        if (step.act === 'put') {
          expected.set(name, step.tokens)
          for (const gone of caches.put(cache(name, step.tokens, at), at)) {
            assert.is(expected.get(gone.id), gone.tokens)
            expected.delete(gone.id)
          }
        } else {
          // A restored cache stays, for other conversations that begin alike.
          if (step.act === 'restored') caches.restored(name, at)
          else expected.delete(name)
          if (step.act === 'remove') caches.remove(name)
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

test('no more is evicted than has to be', () => {
  fc.assert(
    fc.property(
      strategies,
      fc.array(fc.integer({min: 1, max: 100}), {minLength: 1, maxLength: 40}),
      (strategy, sizes) => {
        const caches = limited(strategy, 300)
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
