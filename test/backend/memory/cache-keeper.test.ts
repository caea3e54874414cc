import * as assert from 'uvu/assert'
import {defaultConfig, type MemoryConfig} from '../../../src/config/index.js'
import type {LogFields} from '../../../src/backend/logging/logger.js'
import {CacheKeeper} from '../../../src/backend/memory/cache-keeper.js'
import {suite} from '../../support/suite.js'

const test = suite('cache keeper')

const mib = 1024 ** 2

const opened = (changes: Partial<MemoryConfig> = {}, maxBytes = Infinity, onDisk = false) => {
  const state = {
    dropped: [] as string[],
    logged: [] as {level: string; message: string; fields: LogFields}[],
    resident: 0,
    time: 10_000,
    gone: new Set<string>(),
  }
  const keeper = new CacheKeeper({
    settings: {...defaultConfig(2).memory, ...changes},
    maxBytes,
    logger: {
      log: (level, _tag, message, fields = {}) => void state.logged.push({level, message, fields}),
      enabled: () => true,
      close: () => undefined,
    },
    onDisk,
    hasSession: (session) => !state.gone.has(session),
    drop: ({model, id}) => void state.dropped.push(`${model}/${id}`),
    resident: () => Promise.resolve(state.resident),
    now: () => state.time,
  })
  /** A session's cache, named after it, which was used so long after another one as the numbers say. */
  const save = (session: string | null, tokens: number, {bytes = tokens * 1000, id = session ?? 'none'} = {}): void =>
    keeper.heard('m', {
      ...{type: 'saved', id, session, line: id, file: `/caches/${id}.kv`, tokens, bytes, ms: 1, isAdopted: false},
      ageMs: Math.max(0, 1000 - Number(/\d+/.exec(id)?.[0] ?? 1000)),
    })
  return {keeper, state, save}
}

test('at most max_cache_tokens are kept, and a line says what went, and why', () => {
  const {keeper, state, save} = opened({max_cache_tokens: 250}, 5e6)
  save('s2', 100)
  save('s1', 100)
  save('s3', 100)
  assert.equal(state.dropped, ['m/s1'])
  const line = state.logged.find(({message}) => message === 'saved caches evicted')
  assert.equal(line?.fields, {
    ...{reason: 'full', max_cache_tokens: 250, max_cache_mb: 'auto', max_bytes: 5e6, strategy: 'lru'},
    caches: [{cache: 's1', session: 's1', tokens: 100, bytes: 100_000}],
  })
  const {caches, tokens, saved, dropped, max_bytes} = keeper.status()
  assert.equal([caches, tokens, saved, dropped, max_bytes], [2, 200, 3, 1, 5e6])
})

test('auto sets no limit to tokens; bytes are limited in any case', () => {
  const {keeper, state, save} = opened({}, 250_000)
  save('s1', 1_000_000, {bytes: 100_000})
  save('s2', 100)
  assert.equal(state.dropped, [])
  save('s3', 100)
  assert.equal([state.dropped, keeper.status().bytes], [['m/s1'], 200_000])
})

test('a cache of a session that went meanwhile is dropped', () => {
  const {keeper, state, save} = opened()
  state.gone.add('s1')
  save('s1', 100)
  assert.equal([state.dropped, keeper.status().caches], [['m/s1'], 0])
})

test('the caches of a session go with it, and no others', () => {
  const {keeper, state, save} = opened()
  save('s1', 100)
  save('s1', 100, {id: 'branch'})
  save('s2', 100)
  save(null, 100)
  keeper.forgetSession('s1')
  assert.equal([state.dropped, keeper.status().caches], [['m/s1', 'm/branch'], 2])
})

test('a cache that nobody has used for max_cache_age_ms goes; 0 is no limit', () => {
  const {keeper, state, save} = opened({max_cache_age_ms: 5000})
  save(null, 100, {id: 'a'})
  save(null, 100, {id: 'b'})
  state.time += 4000
  keeper.heard('m', {type: 'restored', id: 'b', ms: 1})
  state.time += 1000
  save(null, 100, {id: 'c'})
  assert.equal(state.dropped, ['m/a'])
  const line = state.logged.find(({message}) => message === 'saved caches evicted')
  assert.equal([line?.level, line?.fields['reason'], line?.fields['max_cache_age_ms']], ['info', 'age', 5000])
  const unlimited = opened({max_cache_age_ms: 0})
  unlimited.save(null, 100, {id: 'a'})
  unlimited.state.time += 1e12
  unlimited.save(null, 100, {id: 'b'})
  assert.equal(unlimited.state.dropped, [])
})

test('a cache that an earlier engine saved is as old as it is', () => {
  const {keeper, state, save} = opened({max_cache_age_ms: 500})
  save(null, 100, {id: 'a-700'})
  keeper.heard('m', {type: 'restored', id: 'none', ms: 1})
  assert.equal(state.dropped, [])
  state.time += 200
  keeper.heard('m', {type: 'restored', id: 'none', ms: 1})
  assert.equal(state.dropped, ['m/a-700'])
})

test('an engine that reports a cache again changes nothing', () => {
  const {keeper, save} = opened()
  save('s1', 100)
  save('s1', 100)
  const {caches, tokens, bytes, saved} = keeper.status()
  assert.equal([caches, tokens, bytes, saved], [1, 100, 100_000, 1])
})

test('what engines report is counted', () => {
  const {keeper, save} = opened()
  for (const id of ['a', 'b', 'c']) save(null, 100, {id})
  keeper.heard('m', {type: 'restored', id: 'a', ms: 1})
  keeper.heard('m', {type: 'unsaved', id: 'b', reason: 'superseded'})
  keeper.heard('m', {type: 'unsaved', id: 'c', reason: 'failed'})
  const {caches, saved, restored, dropped, failed} = keeper.status()
  assert.equal([caches, saved, restored, dropped, failed], [1, 3, 1, 0, 1])
})

test('under pressure caches go, as many as have to, in the strategy’s order', async () => {
  const {keeper, state, save} = opened({max_memory_mb: 100, memory_pressure_threshold: 0.8})
  state.resident = 70 * mib
  save('s3', 100, {bytes: 5 * mib})
  save('s1', 100, {bytes: 5 * mib})
  save('s2', 100, {bytes: 5 * mib})
  await keeper.relieve()
  assert.equal(state.dropped, ['m/s1'])
  const line = state.logged.find(({fields}) => fields['reason'] === 'memory pressure')
  assert.equal([line?.level, line?.fields['used_bytes'], line?.fields['allowed_bytes']], ['warn', 85 * mib, 80 * mib])
})

test('pressure that no cache can relieve is said once per crossing', async () => {
  const {keeper, state} = opened({max_memory_mb: 100})
  const look = async (residentMib: number): Promise<void> => {
    state.time += 1000
    state.resident = residentMib * mib
    await keeper.relieve()
  }
  for (const residentMib of [90, 95, 50, 90]) await look(residentMib)
  assert.is(state.logged.filter(({message}) => message.includes('no saved cache left to evict')).length, 2)
})

test('memory is looked at once a second at most, and not at all without a limit', async () => {
  const {keeper, state, save} = opened({max_memory_mb: 100})
  await keeper.relieve()
  state.resident = 200 * mib
  save('s1', 100)
  await keeper.relieve()
  assert.equal(state.dropped, [])
  state.time += 1000
  await keeper.relieve()
  assert.equal(state.dropped, ['m/s1'])
  const unlimited = opened()
  unlimited.state.resident = 1e15
  unlimited.save('s1', 100)
  await unlimited.keeper.relieve()
  assert.equal(unlimited.state.dropped, [])
})

test('files on a disk take no memory: pressure evicts none of them', async () => {
  const {keeper, state, save} = opened({max_memory_mb: 100}, Infinity, true)
  save('s1', 100, {bytes: 50 * mib})
  state.resident = 95 * mib
  await keeper.relieve()
  assert.equal(state.dropped, [])
  assert.is(keeper.status().caches, 1)
})

test('a cache that is larger than all may be evicts no other one', () => {
  const {keeper, state, save} = opened({}, 100)
  for (const id of ['s1', 's2', 's3']) save(id, 10, {bytes: 9})
  save('s4', 200, {bytes: 101})
  assert.equal([state.dropped, keeper.status().caches], [['m/s4'], 3])
})
