import fc from 'fast-check'
import * as assert from 'uvu/assert'
import {taskPriorities, type TaskPriority} from '../../../src/backend/backend.js'
import {NnError} from '../../../src/backend/errors.js'
import {agingStepMs, TaskQueue, type QueueEntry} from '../../../src/backend/scheduler/task-queue.js'
import {suite} from '../../support/suite.js'

const test = suite('task queue')

interface Named extends QueueEntry {
  name: string
}

const any = (): boolean => true

/** Adds tasks written as `priority session`, all at the same moment, and gives the order in which they are taken. */
const order = (tasks: readonly string[], settings = {}, atMs: readonly number[] = [], nowMs = 0): string[] => {
  const queue = new TaskQueue<Named>({rejectThreshold: 100, priorities: true, fair: true, ...settings}, () => nowMs)
  for (const [index, name] of tasks.entries()) {
    const [priority, session] = name.split(' ') as [TaskPriority, string]
    queue.add({name, priority, session, enqueuedAt: atMs[index] ?? 0})
  }
  return tasks.map(() => queue.take(any)?.name ?? '')
}

test('the higher priority goes first, the earlier one among equals', () => {
  assert.equal(order(['low a', 'urgent b', 'normal c', 'high d', 'normal e']), [
    'urgent b',
    'high d',
    'normal c',
    'normal e',
    'low a',
  ])
})

test('without priority scheduling the order is that of arrival', () => {
  assert.equal(order(['low a', 'urgent b'], {priorities: false}, [1, 2], 5), ['low a', 'urgent b'])
})

test('sessions of one priority take turns', () => {
  assert.equal(order(['normal a', 'normal a', 'normal a', 'normal b', 'normal c']), [
    'normal a',
    'normal b',
    'normal c',
    'normal a',
    'normal a',
  ])
})

test('without fair scheduling they do not', () => {
  assert.equal(order(['normal a', 'normal a', 'normal b'], {fair: false}, [1, 2, 3], 9), [
    'normal a',
    'normal a',
    'normal b',
  ])
})

test('a task that has waited overtakes a newer one of a higher priority', () => {
  const nowMs = 4 * agingStepMs
  assert.equal(order(['urgent b', 'low a'], {}, [nowMs, 0], nowMs), ['low a', 'urgent b'])
  assert.equal(order(['urgent b', 'low a'], {fair: false}, [nowMs, 0], nowMs), ['urgent b', 'low a'])
})

test('a full queue refuses with the numbers', () => {
  const queue = new TaskQueue<Named>({rejectThreshold: 1, priorities: true, fair: true}, () => 0)
  const entry: Named = {name: '', priority: 'normal', session: 'a', enqueuedAt: 0}
  queue.add(entry)
  assert.throws(
    () => queue.add({...entry}),
    (error: unknown) => error instanceof NnError && /full: 1 tasks wait/.test(error.message),
  )
})

test('nothing starves: a low task is taken within its bound whatever arrives meanwhile', () => {
  // Every second one task is served and up to one arrives. Three steps of waiting make a low task as urgent as any
  // newcomer, and then only those that were there before it, or are as old, can go first.
  const arrivals = fc.array(
    fc.record({priority: fc.constantFrom(...taskPriorities), session: fc.constantFrom('a', 'b', 'c')}),
    {
      minLength: 60,
      maxLength: 60,
    },
  )
  fc.assert(
    fc.property(arrivals, fc.integer({min: 0, max: 20}), (stream, before) => {
      let clock = 0
      const queue = new TaskQueue<Named>({rejectThreshold: 1000, priorities: true, fair: true}, () => clock)
      for (let i = 0; i < before; i++) queue.add({name: '', priority: 'urgent', session: 'x', enqueuedAt: 0})
      queue.add({name: 'low', priority: 'low', session: 'low', enqueuedAt: 0})
      for (const arrival of stream) {
        if (queue.take(any)?.name === 'low') break
        clock += 1000
        queue.add({...arrival, name: '', enqueuedAt: clock})
      }
      // Three steps for its age to count, then at most those that were as high by then, one per second.
      assert.ok(clock / 1000 <= (3 * agingStepMs) / 1000 + before + 1, `waited ${clock / 1000} s behind ${before}`)
    }),
  )
})
