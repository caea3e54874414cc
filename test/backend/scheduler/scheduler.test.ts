import fc from 'fast-check'
import * as assert from 'uvu/assert'
import {taskPriorities} from '../../../src/backend/backend.js'
import {configFromObject} from '../../../src/backend/config/index.js'
import {Scheduler, type SchedulerEvent, type Task} from '../../../src/backend/scheduler/scheduler.js'
import {rejects, thrownBy} from '../../support/rejects.js'
import {suite} from '../../support/suite.js'

const test = suite('scheduler')

const settings = (changes: object = {}) => configFromObject(changes).config.backend

/** A task that ends when told to. */
const controlled = (session: string, changes: Partial<Task<string>> = {}) => {
  const state = {started: false, end: (): void => undefined}
  const ended = new Promise<void>((resolve) => (state.end = resolve))
  const task: Task<string> = {
    ...{priority: 'normal', session, lane: 0, timeoutMs: Infinity},
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

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

const opened = (changes: object = {}, capacity = 2): {scheduler: Scheduler; events: SchedulerEvent[]} => {
  const events: SchedulerEvent[] = []
  const scheduler = new Scheduler(settings(changes), (event) => events.push(event))
  scheduler.openLane(0, capacity)
  return {scheduler, events}
}

test('as many run as the lane holds, the rest wait, past the limit they are refused', async () => {
  const {scheduler} = opened({queue_size: 5})
  const tasks = Array.from({length: 8}, (_, i) => controlled(`s${i}`))
  const results = tasks.map(({task}) => scheduler.submit(task))
  await rejects(results[7] ?? Promise.resolve(), 'runtime_error', /queue is full: 5 tasks wait/)
  await turn()
  assert.equal([scheduler.status().running, scheduler.status().queued, scheduler.status().refused], [2, 5, 1])
  for (const {state} of tasks) state.end()
  assert.equal(await Promise.all(results.slice(0, 7)), ['s0', 's1', 's2', 's3', 's4', 's5', 's6'])
  assert.equal([scheduler.status().running, scheduler.status().queued, scheduler.status().completed], [0, 0, 7])
})

test('one session runs one task at a time', async () => {
  const {scheduler} = opened()
  const [first, second] = [controlled('a'), controlled('a')]
  const results = [scheduler.submit(first.task), scheduler.submit(second.task)]
  await turn()
  assert.equal([first.state.started, second.state.started], [true, false])
  first.state.end()
  await results[0]
  await turn()
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
  const {scheduler} = opened({}, 1)
  const running = controlled('r', {timeoutMs: 30})
  const waiting = controlled('w', {timeoutMs: 10})
  const results = [scheduler.submit(running.task), scheduler.submit(waiting.task)]
  await rejects(results[1] ?? Promise.resolve(), 'timeout', /10 ms/)
  assert.is(waiting.state.started, false)
  await rejects(results[0] ?? Promise.resolve(), 'timeout', /30 ms/)
  assert.equal([scheduler.status().timed_out, scheduler.status().queued, scheduler.status().running], [2, 0, 0])
})

test('without automatic clean-up an expired task stays until its turn', async () => {
  const {scheduler} = opened({auto_queue_cleanup: false}, 1)
  const running = controlled('r')
  const waiting = controlled('w', {timeoutMs: 5})
  const results = [scheduler.submit(running.task), thrownBy(scheduler.submit(waiting.task))]
  await new Promise((resolve) => setTimeout(resolve, 20))
  assert.is(scheduler.status().queued, 1)
  running.state.end()
  assert.match(String(await results[1]), /did not finish within 5 ms/)
  assert.equal([waiting.state.started, scheduler.status().queued], [false, 0])
})

test('a waiting task can be taken back', async () => {
  const {scheduler} = opened({}, 1)
  const running = controlled('r')
  const stop = new AbortController()
  const results = [scheduler.submit(running.task), scheduler.submit(controlled('w', {signal: stop.signal}).task)]
  stop.abort(new Error('changed my mind'))
  assert.match(String(await thrownBy(results[1] ?? Promise.resolve())), /changed my mind/)
  assert.is(scheduler.status().queued, 0)
  running.state.end()
  await results[0]
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

test('whatever arrives: every task ends once, and no limit is ever exceeded', async () => {
  const task = fc.record({
    priority: fc.constantFrom(...taskPriorities),
    session: fc.constantFrom('a', 'b', 'c', 'd'),
    turns: fc.nat(3),
    fails: fc.boolean(),
    aborts: fc.boolean(),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(task, {maxLength: 30}), fc.integer({min: 1, max: 3}), async (plans, capacity) => {
      const {scheduler} = opened({queue_size: 5}, capacity)
      let running = 0
      const busy = new Set<string>()
      const ends = plans.map(({priority, session, turns, fails, aborts}) => {
        const stop = new AbortController()
        const ended = scheduler.submit({
          ...{priority, session, lane: 0, timeoutMs: Infinity, signal: stop.signal},
          run: async () => {
            assert.ok(++running <= capacity && !busy.has(session))
            busy.add(session)
            for (let i = 0; i < turns; i++) await turn()
            busy.delete(session)
            running--
            if (fails) throw new Error('planned')
          },
        })
        if (aborts) stop.abort(new Error('aborted'))
        assert.ok(scheduler.status().queued <= 5)
        return ended.then(
          () => 'done',
          () => 'failed',
        )
      })
      assert.is((await Promise.all(ends)).length, plans.length)
      const {queued, running: left, completed, failed, refused} = scheduler.status()
      assert.equal([queued, left, completed + failed + refused <= plans.length], [0, 0, true])
    }),
    {numRuns: 60},
  )
})
