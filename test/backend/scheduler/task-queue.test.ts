import * as assert from 'uvu/assert'
import type {TaskPriority} from '../../../src/backend/contract/types.js'
import {NnError} from '../../../src/errors.js'
import {TaskQueue, type QueueEntry, type QueueSettings} from '../../../src/backend/scheduler/task-queue.js'
import {suite} from '../../support/suite.js'

const test = suite('task queue')

interface Named extends QueueEntry {
  name: string
}

const settings: QueueSettings = {rejectThreshold: 1000, priorities: true, fair: true, agingMs: 5000}

const any = (): boolean => true

/** Adds tasks written as `priority session`, all at the same moment, and gives the order in which they are taken. */
const order = (
  tasks: readonly string[],
  changes: Partial<QueueSettings> = {},
  atMs: readonly number[] = [],
  nowMs = 0,
): string[] => {
  const queue = new TaskQueue<Named>({...settings, ...changes}, () => nowMs)
  for (const [index, name] of tasks.entries()) {
    const [priority, session] = name.split(' ') as [TaskPriority, string]
    queue.add({name, priority, session, enqueuedAt: atMs[index] ?? 0})
  }
  return tasks.map(() => {
    const next = queue.take(any)
    if (next !== undefined) queue.noteTurn(next.session)
    return next?.name ?? ''
  })
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

for (const [level, later, spans] of [
  ['low', 'urgent', 4],
  ['normal', 'urgent', 3],
  ['low', 'normal', 2],
  ['urgent', 'urgent', 1],
] as const) {
  test(`a task that is ${later} goes before one that is ${level} up to ${spans} spans after it, then not`, () => {
    // The session of the first one has had its turn, so that at an equal rank the other goes first.
    const first = (afterMs: number): string | undefined => {
      const queue = new TaskQueue<Named>(settings, () => afterMs)
      queue.noteTurn('a')
      queue.add({name: 'first', priority: level, session: 'a', enqueuedAt: 0})
      queue.add({name: 'later', priority: later, session: 'b', enqueuedAt: afterMs})
      return queue.take(any)?.name
    }
    assert.equal([first(spans * 5000 - 1), first(spans * 5000)], ['later', 'first'])
  })
}

test('without fair scheduling waiting changes nothing', () => {
  assert.equal(order(['urgent b', 'low a'], {fair: false}, [1e9, 0], 1e9), ['urgent b', 'low a'])
})

test('the tasks of one session keep their order, whatever their priorities', () => {
  assert.equal(order(['low a', 'urgent a', 'normal b']), ['normal b', 'low a', 'urgent a'])
})

test('a full queue refuses with the numbers', () => {
  const queue = new TaskQueue<Named>({...settings, rejectThreshold: 1}, () => 0)
  const entry: Named = {name: '', priority: 'normal', session: 'a', enqueuedAt: 0}
  queue.add(entry)
  assert.throws(
    () => queue.add({...entry}),
    (error: unknown) => error instanceof NnError && /full: 1 task waits, and at most/.test(error.message),
  )
})
