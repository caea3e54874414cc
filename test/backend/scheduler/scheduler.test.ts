import * as assert from 'uvu/assert'
import {configFromObject} from '../../../src/config/index.js'
import {Scheduler} from '../../../src/backend/scheduler/scheduler.js'
import type {SchedulerEvent, Task} from '../../../src/backend/scheduler/task.js'
import {ManualClock, settled} from '../../support/manual-clock.js'
import {rejects, thrownBy} from '../../support/rejects.js'
import {suite} from '../../support/suite.js'

const test = suite('scheduler')

const settings = (changes: object = {}) => configFromObject(changes).config.backend

/** A task that ends when told to. */
const controlled = (session: string, changes: Partial<Task<string>> = {}) => {
  const state = {started: false, end: (): void => undefined}
  const ended = new Promise<void>((resolve) => (state.end = resolve))
  const task: Task<string> = {
    ...{priority: 'normal', session, lane: 0, timeoutMs: 0},
    run: async (signal) => {
      state.started = true
      await Promise.race([
        ended,
        new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error))),
      ])
      return session
    },
    ...changes,
  }
  return {task, state}
}

const opened = (changes: object = {}, capacity = 2) => {
  const events: SchedulerEvent[] = []
  const clock = new ManualClock()
  const scheduler = new Scheduler(settings(changes), (event) => events.push(event), clock)
  scheduler.openLane(0, capacity)
  return {scheduler, events, clock, seen: () => events.map(({type}) => type)}
}

/** What a promise that has to fail, at some time, fails with: no rejection is ever unhandled. */
const failures = (promises: Promise<unknown>[]): Promise<unknown[]> => Promise.all(promises.map(thrownBy))

test('as many run as the lane holds, the rest wait, past the limit they are refused', async () => {
  const {scheduler} = opened({queue_size: 5})
  const tasks = Array.from({length: 8}, (_, i) => controlled(`s${i}`))
  const results = tasks.map(({task}) => scheduler.submit(task))
  await rejects(results[7] ?? Promise.resolve(), 'runtime_error', /queue is full: 5 tasks wait/)
  await settled()
  assert.equal([scheduler.status().running, scheduler.status().queued, scheduler.status().refused], [2, 5, 1])
  for (const {state} of tasks) state.end()
  assert.equal(await Promise.all(results.slice(0, 7)), ['s0', 's1', 's2', 's3', 's4', 's5', 's6'])
  assert.equal([scheduler.status().running, scheduler.status().queued, scheduler.status().completed], [0, 0, 7])
})

test('one session runs one task at a time', async () => {
  const {scheduler} = opened()
  const [first, second] = [controlled('a'), controlled('a')]
  const results = [scheduler.submit(first.task), scheduler.submit(second.task)]
  await settled()
  assert.equal([first.state.started, second.state.started], [true, false])
  first.state.end()
  await results[0]
  await settled()
  assert.is(second.state.started, true)
  second.state.end()
  await results[1]
})

test('an urgent task overtakes those that wait', async () => {
  const {scheduler} = opened({}, 1)
  const running = controlled('r')
  const order: string[] = []
  const note = (name: string): Partial<Task<string>> => ({
    run: () => Promise.resolve(order.push(name)).then(() => name),
  })
  const results = [
    scheduler.submit(running.task),
    scheduler.submit(controlled('a', note('normal')).task),
    scheduler.submit(controlled('b', {...note('urgent'), priority: 'urgent'}).task),
  ]
  running.state.end()
  await Promise.all(results)
  assert.equal(order, ['urgent', 'normal'])
})

test('the deadline covers waiting and running', async () => {
  const {scheduler, clock, seen} = opened({}, 1)
  const running = controlled('r', {timeoutMs: 30})
  const waiting = controlled('w', {timeoutMs: 10})
  const errors = failures([scheduler.submit(running.task), scheduler.submit(waiting.task)])
  await clock.advance(29)
  assert.equal([scheduler.status().timed_out, scheduler.status().queued, scheduler.status().running], [1, 0, 1])
  await clock.advance(1)
  assert.match(String(await errors), /within 30 ms.*within 10 ms/)
  assert.equal([waiting.state.started, scheduler.status().timed_out, scheduler.status().running], [false, 2, 0])
  assert.equal(seen(), ['started', 'queued', 'expired'])
  assert.is(clock.pending, 0)
})

for (const timeoutMs of [0, 2 ** 31, Infinity]) {
  test(`a limit of ${timeoutMs} ms starts no timer`, async () => {
    const {scheduler, clock} = opened({}, 1)
    const [running, waiting] = [controlled('r', {timeoutMs}), controlled('w', {timeoutMs})]
    const results = [scheduler.submit(running.task), scheduler.submit(waiting.task)]
    assert.is(clock.pending, 0)
    await clock.advance(86_400_000)
    for (const {state} of [running, waiting]) state.end()
    assert.equal(await Promise.all(results), ['r', 'w'])
    assert.is(scheduler.status().timed_out, 0)
  })
}

test('without automatic clean-up an expired task stays until its turn', async () => {
  const {scheduler, clock, seen} = opened({auto_queue_cleanup: false}, 1)
  const running = controlled('r')
  const waiting = controlled('w', {timeoutMs: 5})
  const results = [scheduler.submit(running.task), thrownBy(scheduler.submit(waiting.task))]
  await clock.advance(20)
  assert.is(scheduler.status().queued, 1)
  running.state.end()
  assert.match(String(await results[1]), /did not finish within 5 ms/)
  const {queued, timed_out} = scheduler.status()
  assert.equal([waiting.state.started, queued, timed_out], [false, 0, 1])
  assert.equal(seen(), ['started', 'queued', 'expired'])
})

test('a task can be taken back before it is submitted, while it waits and while it runs', async () => {
  const {scheduler, seen} = opened({}, 1)
  const [before, waiting, running] = [new AbortController(), new AbortController(), new AbortController()]
  before.abort(new Error('before'))
  const errors = failures([
    scheduler.submit(controlled('r', {signal: running.signal}).task),
    scheduler.submit(controlled('w', {signal: waiting.signal}).task),
    scheduler.submit(controlled('b', {signal: before.signal}).task),
  ])
  waiting.abort(new Error('waiting'))
  assert.equal([scheduler.status().queued, scheduler.status().cancelled], [0, 2])
  await settled()
  running.abort(new Error('running'))
  assert.equal((await errors).map(String), ['Error: running', 'Error: waiting', 'Error: before'])
  const {submitted, cancelled, failed, timed_out} = scheduler.status()
  assert.equal([submitted, cancelled, failed, timed_out], [3, 3, 0, 0])
  assert.equal(seen(), ['started', 'queued', 'cancelled', 'cancelled'])
})

test('a running task that answers although it was taken back counts as completed', async () => {
  const {scheduler} = opened()
  const stop = new AbortController()
  const run = (signal: AbortSignal): Promise<string> =>
    new Promise((resolve) => signal.addEventListener('abort', () => resolve('so far')))
  const result = scheduler.submit(controlled('a', {signal: stop.signal, run}).task)
  await settled()
  stop.abort()
  assert.is(await result, 'so far')
  assert.equal([scheduler.status().completed, scheduler.status().cancelled], [1, 0])
})

test('what a task was refused for is its only end, whatever is aborted later', async () => {
  const {scheduler, clock, seen} = opened({}, 1)
  const [running, closing] = [controlled('r'), new AbortController()]
  const result = scheduler.submit(running.task)
  const error = thrownBy(scheduler.submit(controlled('w', {timeoutMs: 5, signal: closing.signal}).task))
  await clock.advance(5)
  closing.abort(new Error('too late'))
  assert.match(String(await error), /within 5 ms/)
  const {timed_out, cancelled} = scheduler.status()
  assert.equal([timed_out, cancelled, seen().at(-1)], [1, 0, 'expired'])
  running.state.end()
  await result
})

test('when a waiting task goes, the next one of its session gets its turn', async () => {
  const {scheduler} = opened({}, 1)
  scheduler.openLane(1, 1)
  const [full, first, second] = [controlled('f'), controlled('a'), controlled('a', {lane: 1})]
  const stop = new AbortController()
  const results = [scheduler.submit(full.task)]
  const error = thrownBy(scheduler.submit({...first.task, signal: stop.signal}))
  results.push(scheduler.submit(second.task))
  await settled()
  assert.is(second.state.started, false)
  stop.abort(new Error('no more'))
  await settled()
  assert.is(second.state.started, true)
  await error
  for (const {state} of [full, second]) state.end()
  await Promise.all(results)
})

test('a session whose task started at once has had its turn', async () => {
  const {scheduler} = opened({}, 1)
  const tasks = ['a', 'a', 'b'].map((session) => controlled(session))
  const results = tasks.map(({task}) => scheduler.submit(task))
  tasks[0]?.state.end()
  await results[0]
  await settled()
  assert.equal(
    tasks.map(({state}) => state.started),
    [true, false, true],
  )
  for (const {state} of tasks) state.end()
  await Promise.all(results)
})

test('a lane that closes cancels what waits for it and refuses what comes; what runs goes on', async () => {
  const {scheduler, seen} = opened({}, 1)
  scheduler.openLane(1, 1)
  const [running, waiting, late] = [controlled('r'), controlled('w'), controlled('l')]
  const [other, behind] = [controlled('o', {lane: 1}), controlled('w', {lane: 1})]
  const result = scheduler.submit(running.task)
  const error = thrownBy(scheduler.submit(waiting.task))
  const results = [scheduler.submit(behind.task), scheduler.submit(other.task)]
  scheduler.closeLane(0)
  assert.match(String(await error), /Graph 0 is no longer loaded/)
  await rejects(scheduler.submit(late.task), 'runtime_error', /Graph 0 is no longer loaded/)
  await settled()
  for (const {state} of [running, other, behind]) state.end()
  assert.equal([await result, ...(await Promise.all(results))], ['r', 'w', 'o'])
  const {submitted, completed, cancelled, refused, running: left} = scheduler.status()
  assert.equal([submitted, completed, cancelled, refused, left], [5, 3, 1, 1, 0])
  assert.equal(seen().slice(0, 5), ['started', 'queued', 'queued', 'started', 'cancelled'])
})

test('waits and runs are reported as percentiles', async () => {
  const {scheduler, clock} = opened({}, 1)
  const none = {count: 0, p50: 0, p95: 0, p99: 0, max: 0}
  assert.equal([scheduler.status().wait_ms, scheduler.status().run_ms], [none, none])
  const results = Array.from({length: 10}, (_, i) =>
    scheduler.submit(
      controlled(`s${i}`, {run: () => new Promise((resolve) => clock.after(100, () => resolve('')))}).task,
    ),
  )
  await clock.advance(1000)
  await Promise.all(results)
  const {wait_ms, run_ms} = scheduler.status()
  const rounded = Object.values(wait_ms).map((value: number) => Math.round(value / 10) * 10)
  assert.equal([wait_ms.count, ...rounded.slice(1)], [10, 400, 900, 900, 900])
  assert.ok(run_ms.count === 10 && run_ms.p50 >= 100 && run_ms.max < 100.2)
})

test('the warning comes once per crossing', async () => {
  const {scheduler, events} = opened({queue_size: 10, queue_warning_threshold: 2}, 1)
  const tasks = Array.from({length: 5}, (_, i) => controlled(`s${i}`))
  const results = tasks.map(({task}) => scheduler.submit(task))
  const warnings = (): number => events.filter(({type}) => type === 'warning').length
  assert.is(warnings(), 1)
  for (const {state} of tasks) state.end()
  await Promise.all(results)
  const again = Array.from({length: 3}, (_, i) => controlled(`t${i}`))
  const more = again.map(({task}) => scheduler.submit(task))
  assert.is(warnings(), 2)
  for (const {state} of again) state.end()
  await Promise.all(more)
})

test('a task that throws gives its place back', async () => {
  const {scheduler} = opened({}, 1)
  const failing = controlled('f', {run: () => Promise.reject(new Error('no'))})
  assert.match(String(await thrownBy(scheduler.submit(failing.task))), /no/)
  assert.is(await scheduler.submit(controlled('n', {run: () => Promise.resolve('done')}).task), 'done')
  assert.equal([scheduler.status().failed, scheduler.status().completed], [1, 1])
})
