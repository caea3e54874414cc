import fc from 'fast-check'
import * as assert from 'uvu/assert'
import {capacities, couldHaveRun, plan, simulate, type Lived, type Plan} from '../../support/scheduler-simulation.js'
import {suite} from '../../support/suite.js'

const test = suite('scheduler properties', {timeoutMs: 60_000})

const agingMs = 10
const queueSize = 8
const settings = fc.record({
  queue_size: fc.constant(queueSize),
  queue_reject_threshold: fc.constantFrom(queueSize, 5),
  auto_queue_cleanup: fc.boolean(),
  priority_scheduling_enabled: fc.boolean(),
  fair_scheduling_enabled: fc.boolean(),
  priority_aging_ms: fc.constantFrom(1, agingMs, 3_600_000),
})
const plans = fc.array(plan, {maxLength: 40})

/** Plans of tasks that nobody takes back, of which all are let in: what is left is the order. */
const patient = fc
  .array(plan, {minLength: 10, maxLength: 40})
  .map((each) => each.map((one): Plan => ({...one, timeoutMs: Infinity, cancelMs: Infinity})))

/** More than the lanes can take for a while. */
const crowd = patient.map((each) =>
  each.map((one): Plan => ({...one, afterMs: Math.ceil(one.afterMs / 3), runMs: 5 + Math.ceil(one.runMs / 4)})),
)

const count = (tasks: readonly Lived[], matches: (task: Lived) => boolean): number => tasks.filter(matches).length
const runs = ({order}: Lived): boolean => order.started < Infinity && order.stopped === Infinity

test('every task ends exactly once, and at any time all of them are accounted for', async () => {
  const property = fc.asyncProperty(plans, settings, async (all, changes) => {
    const {tasks, status} = await simulate(all, changes, (now) => {
      const {submitted, queued, running, completed, failed, timed_out, refused, cancelled} = now
      assert.is(submitted, queued + running + completed + failed + timed_out + refused + cancelled)
    })
    const outcomes = ['completed', 'failed', 'timed_out', 'refused', 'cancelled'] as const
    for (const outcome of outcomes) {
      assert.is(
        status[outcome],
        count(tasks, (task) => task.outcome === outcome),
        outcome,
      )
    }
    const started = count(tasks, ({starts}) => starts === 1)
    assert.equal([status.queued, status.running, status.submitted], [0, 0, all.length])
    assert.equal([status.wait_ms.count, status.run_ms.count], [started, started])
    assert.is(
      count(tasks, ({outcome, starts}) => outcome === undefined || starts > 1),
      0,
    )
  })
  await fc.assert(property, {numRuns: 200})
})

test('no limit is ever exceeded', async () => {
  const property = fc.asyncProperty(plans, settings, async (all, changes) => {
    const {tasks} = await simulate(all, changes, ({queued}, soFar) => {
      assert.ok(queued <= changes.queue_reject_threshold)
      const running = soFar.filter(runs)
      for (const [lane, capacity] of capacities.entries()) assert.ok(count(running, (t) => t.lane === lane) <= capacity)
      assert.is(new Set(running.map(({session}) => session)).size, running.length)
    })
    for (const {timeoutMs, arrivedAt, endedAt, startedAt, whenStopped} of tasks) {
      const listens = whenStopped !== 'goes on' && (changes.auto_queue_cleanup || startedAt < Infinity)
      if (listens) assert.ok(endedAt - arrivedAt <= timeoutMs)
    }
  })
  await fc.assert(property, {numRuns: 200})
})

test('the tasks of a session start in the order in which they came', async () => {
  const property = fc.asyncProperty(fc.oneof(crowd, plans), settings, async (all, changes) => {
    const {tasks} = await simulate(all, {...changes, queue_size: 100, queue_reject_threshold: 100})
    const last = new Map<string, number>()
    for (const {session, order} of tasks.filter(({starts}) => starts > 0)) {
      assert.ok(order.started > (last.get(session) ?? 0))
      last.set(session, order.started)
    }
  })
  await fc.assert(property, {numRuns: 300})
})

test('no place stays free while a task could take it', async () => {
  const property = fc.asyncProperty(plans, settings, async (all, changes) => {
    const {tasks} = await simulate(all, changes)
    const moments = new Set(tasks.flatMap(({arrivedAt, endedAt}) => [arrivedAt, endedAt]))
    for (const now of moments) {
      const running = tasks.filter(({startedAt, endedAt}) => startedAt <= now && now < endedAt)
      const taken = new Set(running.map(({session}) => session))
      const waiting = tasks.filter((t) => t.arrivedAt <= now && now < Math.min(t.startedAt, t.endedAt))
      for (const {session, lane} of waiting) {
        const free = !taken.has(session) && count(running, (task) => task.lane === lane) < (capacities[lane] ?? 0)
        assert.not(free, `${session} waits for lane ${lane} at ${now}`)
        taken.add(session)
      }
    }
  })
  await fc.assert(property, {numRuns: 300})
})

test('nothing starves: who comes (levels above + 1) ageing spans later, or more, stays behind', async () => {
  let overtaken = 0
  const property = fc.asyncProperty(fc.oneof(crowd, plans), fc.boolean(), async (all, priorities) => {
    const changes = {priority_aging_ms: agingMs, queue_size: 100, priority_scheduling_enabled: priorities}
    const {tasks} = await simulate(all, changes)
    for (const task of tasks) {
      for (const later of tasks.filter(({lane, starts}) => lane === task.lane && starts > 0)) {
        if (later.order.arrived < task.order.arrived || !couldHaveRun(task, later, tasks)) continue
        overtaken++
        const above = priorities ? later.level - task.level : 0
        const after = later.arrivedAt - task.arrivedAt
        assert.ok(after < (above + 1) * agingMs, `${after} ms later, ${above} levels above`)
      }
    }
  })
  await fc.assert(property, {numRuns: 300})
  assert.ok(overtaken > 100, `only ${overtaken} tasks were overtaken: this proves little`)
})

test('without fair scheduling the order is the level, then arrival', async () => {
  const property = fc.asyncProperty(crowd, async (all) => {
    const {tasks} = await simulate(all, {fair_scheduling_enabled: false, priority_aging_ms: 1, queue_size: 100})
    for (const task of tasks) {
      for (const other of tasks.filter(({lane, starts}) => lane === task.lane && starts > 0)) {
        if (!couldHaveRun(task, other, tasks)) continue
        const earlier = other.order.arrived < task.order.arrived
        assert.ok(other.level > task.level || (other.level === task.level && earlier))
      }
    }
  })
  await fc.assert(property, {numRuns: 100})
})

test('sessions of one level take turns: none runs twice while another waits', async () => {
  let turns = 0
  const property = fc.asyncProperty(crowd, async (all) => {
    // Nothing ages within the test, so that tasks of a level stay on it.
    const {tasks} = await simulate(all, {priority_aging_ms: 3_600_000, queue_size: 100})
    const started = tasks.filter(({starts}) => starts > 0).sort((a, b) => a.order.started - b.order.started)
    for (const [at, second] of started.entries()) {
      const first = started.slice(0, at).findLast(({session}) => session === second.session)
      if (first === undefined) continue
      const between = started.slice(started.indexOf(first), at)
      const passedOver = tasks.filter(
        (task) =>
          task.lane === second.lane &&
          task.level === second.level &&
          task.order.arrived < first.order.started &&
          couldHaveRun(task, second, tasks),
      )
      for (const {session} of passedOver) assert.ok(between.some((task) => task.session === session))
      turns++
    }
  })
  await fc.assert(property, {numRuns: 300})
  assert.ok(turns > 100, `only ${turns} sessions ran twice: this proves little`)
})
