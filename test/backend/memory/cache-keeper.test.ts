import * as assert from 'uvu/assert'
import {defaultConfig, type MemoryConfig} from '../../../src/backend/config/index.js'
import type {LogFields} from '../../../src/backend/logging/logger.js'
import {CacheKeeper} from '../../../src/backend/memory/cache-keeper.js'
import {suite} from '../../support/suite.js'

const test = suite('cache keeper')

const mib = 1024 ** 2

const opened = (changes: Partial<MemoryConfig> = {}) => {
  const state = {
    dropped: [] as string[],
    logged: [] as {level: string; message: string; fields: LogFields}[],
    resident: 0,
    time: 0,
    gone: new Set<string>(),
  }
  const keeper = new CacheKeeper({
    settings: {...defaultConfig(2).memory, ...changes},
    logger: {
      log: (level, _tag, message, fields = {}) => void state.logged.push({level, message, fields}),
      enabled: () => true,
      close: () => undefined,
    },
    lastUse: (session) => (state.gone.has(session) ? undefined : Number(session.slice(1))),
    drop: (model, session) => void state.dropped.push(`${model}/${session}`),
    resident: () => Promise.resolve(state.resident),
    now: () => state.time,
  })
  const save = (session: string, tokens: number, bytes = tokens * 1000): void =>
    keeper.told(0, {type: 'saved', session, tokens, bytes, ms: 1})
  return {keeper, state, save}
}

test('at most max_cache_tokens are kept, and a line says what went, and why', () => {
  const {keeper, state, save} = opened({max_cache_tokens: 250})
  save('s2', 100)
  save('s1', 100)
  save('s3', 100)
  assert.equal(state.dropped, ['0/s1'])
  const line = state.logged.find(({message}) => message === 'caches of idle sessions given up')
  assert.equal(line?.fields, {
    reason: 'max_cache_tokens',
    max_cache_tokens: 250,
    strategy: 'lru',
    caches: [{session: 's1', tokens: 100, bytes: 100_000}],
  })
  const {sessions, tokens, saved, dropped} = keeper.status()
  assert.equal([sessions, tokens, saved, dropped], [2, 200, 3, 1])
})

test('a cache of a session that went meanwhile is dropped', () => {
  const {keeper, state, save} = opened()
  state.gone.add('s1')
  save('s1', 100)
  assert.equal([state.dropped, keeper.status().sessions], [['0/s1'], 0])
})

test('under pressure caches go, as many as have to, in the strategy’s order', async () => {
  const {keeper, state, save} = opened({max_memory_mb: 100, memory_pressure_threshold: 0.8})
  state.resident = 70 * mib
  save('s3', 100, 5 * mib)
  save('s1', 100, 5 * mib)
  save('s2', 100, 5 * mib)
  await keeper.relieve()
  assert.equal(state.dropped, ['0/s1'])
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
  assert.is(state.logged.filter(({message}) => message.includes('no cache of an idle session left')).length, 2)
})

test('memory is looked at once a second at most, and not at all without a limit', async () => {
  const {keeper, state, save} = opened({max_memory_mb: 100})
  await keeper.relieve()
  state.resident = 200 * mib
  save('s1', 100)
  await keeper.relieve()
  assert.equal(state.dropped, [])
  state.time = 1000
  await keeper.relieve()
  assert.equal(state.dropped, ['0/s1'])
  const unlimited = opened()
  unlimited.state.resident = 1e15
  unlimited.save('s1', 100)
  await unlimited.keeper.relieve()
  assert.equal(unlimited.state.dropped, [])
})
