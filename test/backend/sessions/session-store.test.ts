import * as assert from 'uvu/assert'
import {configFromObject} from '../../../src/config/index.js'
import {NnError} from '../../../src/errors.js'
import {SessionStore, toChatMessages, type Session} from '../../../src/backend/sessions/session-store.js'
import {ManualClock} from '../../support/manual-clock.js'
import {suite} from '../../support/suite.js'

const test = suite('session store')

const opened = (changes: object, inUse: (session: Session) => boolean = () => false) => {
  const removed: string[] = []
  const clock = new ManualClock()
  const {backend} = configFromObject(changes).config
  const store = new SessionStore(backend, inUse, (session, reason) => removed.push(`${session.id} ${reason}`), clock)
  return {store, removed, clock}
}

test('the same id is the same conversation', (t) => {
  const {store} = opened({})
  t.after(() => store.clear())
  const first = store.open('a')
  first.messages.push({role: 'user', content: 'hello'})
  assert.is(store.open('a'), first)
  assert.is.not(store.open(undefined).id, store.open(undefined).id)
})

test('the least recently used goes when a new one needs its place, and nothing else', async (t) => {
  const {store, removed, clock} = opened({max_sessions: 3})
  t.after(() => store.clear())
  for (const id of ['a', 'b', 'c']) {
    await clock.advance(1)
    store.open(id)
  }
  await clock.advance(1)
  store.open('a')
  store.open('d')
  assert.equal(removed, ['b evicted'])
  assert.equal(
    store.list().map(({session}) => session.id),
    ['a', 'c', 'd'],
  )
})

test('what was removed is known with its reason, until it is opened again', async (t) => {
  const {store, clock} = opened({max_sessions: 1, idle_timeout_ms: 100})
  t.after(() => store.clear())
  store.open('a')
  store.open('b')
  await clock.advance(100)
  assert.equal(store.removed, [
    {id: 'a', reason: 'evicted'},
    {id: 'b', reason: 'idle'},
  ])
  store.open('a')
  assert.equal(store.removed, [{id: 'b', reason: 'idle'}])
  for (let n = 0; n < 200; n++) store.open(`s${n}`)
  assert.is(store.removed.length, 100)
  assert.equal(store.removed.at(-1), {id: 's198', reason: 'evicted'})
})

test('a session that was idle for too long when it was restored is known as removed', (t) => {
  const {store} = opened({idle_timeout_ms: 100})
  t.after(() => store.clear())
  store.restore([{id: 'old', messages: [], idleMs: 101}], 0)
  assert.equal(store.removed, [{id: 'old', reason: 'idle'}])
})

test('a session that computes is neither evicted nor idle', async (t) => {
  const {store, removed, clock} = opened({max_sessions: 2, idle_timeout_ms: 100}, ({id}) => id === 'a')
  t.after(() => store.clear())
  store.open('a')
  store.open('b')
  await clock.advance(50)
  store.open('c')
  await clock.advance(950)
  assert.equal(
    store.list().map(({session}) => session.id),
    ['a'],
  )
  assert.equal(removed, ['b evicted', 'c idle'])
})

test('with automatic clean-up off a session too many is refused', async (t) => {
  const {store, clock} = opened({max_sessions: 2, auto_cleanup: false, idle_timeout_ms: 10})
  t.after(() => store.clear())
  store.open('a')
  store.open('b')
  await clock.advance(1000)
  assert.throws(
    () => store.open('c'),
    (error: unknown) => error instanceof NnError && error.code === 'runtime_error',
  )
  assert.is(store.list().length, 2)
})

test('idle sessions go by themselves, each when its time is up', async () => {
  const {store, removed, clock} = opened({idle_timeout_ms: 100})
  store.open('a')
  await clock.advance(50)
  store.open('b')
  await clock.advance(49)
  assert.equal(removed, [])
  await clock.advance(1)
  assert.equal(removed, ['a idle'])
  await clock.advance(50)
  assert.equal([removed, store.size, clock.pending], [['a idle', 'b idle'], 0, 0])
})

test('generated tokens go along only to the graph that made them', () => {
  const tokens = Uint32Array.of(1, 2)
  const messages = [{role: 'assistant' as const, content: 'hi', generated: {model: 'one', tokens}}]
  assert.equal(toChatMessages(messages, 'one'), [{role: 'assistant', content: 'hi', tokens}])
  assert.equal(toChatMessages(messages, 'two'), [{role: 'assistant', content: 'hi'}])
})
