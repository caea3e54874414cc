import * as assert from 'uvu/assert'
import {NnError} from '../../src/errors.js'
import {RunEnded} from '../../src/batch/run-batch.js'
import {ManualClock, settled} from '../support/manual-clock.js'
import {rejects} from '../support/rejects.js'
import {suite} from '../support/suite.js'
import {Answers, engineError, numbers, run, type NumberEnded} from './support/scripted.js'

const test = suite('a batch')
const items = (written: readonly NumberEnded[]): number[] => written.map(({item}) => item)

test('answers every item once, in the order of the input', async () => {
  const {written, result} = run(numbers(100), (n) => Promise.resolve(`${n}!`), {concurrency: 7})
  assert.is(await result, 'complete')
  assert.equal(
    written.map((ended) => 'answer' in ended && ended.answer),
    Array.from({length: 100}, (_, n) => `${n}!`),
  )
})

test('of nothing is complete', async () => {
  const {written, result} = run(numbers(0), () => Promise.reject(new Error('nobody asks')))
  assert.equal([await result, written], ['complete', []])
})

test('runs no more items together than it may', async () => {
  const answers = new Answers()
  const {result} = run(numbers(5), answers.answer, {concurrency: 3})
  await settled()
  assert.equal(answers.running, [0, 1, 2])
  answers.give(1)
  await settled()
  assert.equal(answers.running, [0, 2, 3])
  for (const n of [0, 2, 3]) answers.give(n)
  await settled()
  answers.give(4)
  assert.is(await result, 'complete')
})

test('in the order of completion nothing waits, in that of the input all wait for the first', async () => {
  for (const [order, early] of [
    ['completion', [1, 2]],
    ['input', []],
  ] as const) {
    const answers = new Answers()
    const {written, result} = run(numbers(3), answers.answer, {concurrency: 3, order})
    await settled()
    answers.give(1)
    answers.give(2)
    await settled()
    assert.equal(items(written), early, order)
    answers.give(0)
    await result
    assert.equal(items(written), order === 'input' ? [0, 1, 2] : [1, 2, 0])
  }
})

test('stops reading while too many wait for the first to be written', async () => {
  const answers = new Answers()
  const source = numbers(100)
  const {written, result} = run(source, answers.answer, {concurrency: 2, window: 5})
  await settled()
  for (let n = 1; n < 100; n++) {
    answers.give(n)
    await settled()
  }
  assert.equal([source.read, written.length], [5, 0])
  answers.give(0)
  for (let n = 5; n < 100; n++) {
    await settled()
    answers.give(n)
  }
  await result
  assert.equal(items(written), [...Array(100).keys()])
})

test('a failure is the end of its item alone', async () => {
  const {written, result} = run(numbers(3), (n) =>
    n === 1 ? Promise.reject(new NnError('prompt_too_long', 'too long')) : Promise.resolve('fine'),
  )
  assert.is(await result, 'complete')
  const [, failed] = written
  assert.ok(failed !== undefined && 'failure' in failed)
  assert.equal([failed.failure.code, failed.attempts], ['prompt_too_long', 1])
})

test('repeats what the engine failed at, waiting twice as long each time', async () => {
  const clock = new ManualClock()
  const at: number[] = []
  const {written, result} = run(
    numbers(1),
    () => {
      at.push(clock.now())
      return at.length < 4 ? Promise.reject(engineError()) : Promise.resolve('at last')
    },
    {retries: 3, backOffMs: 100, clock},
  )
  await clock.advance(10_000)
  assert.is(await result, 'complete')
  assert.equal(at, [0, 100, 300, 700])
  assert.equal(written, [{item: 0, attempts: 4, latencyMs: 700, answer: 'at last'}])
})

test('gives up after so many retries, and never retries what the item is to blame for', async () => {
  for (const [error, attempts] of [
    [engineError(), 3],
    [new NnError('timeout'), 1],
    [new NnError('context_full'), 1],
    [new NnError('invalid_argument'), 1],
  ] as const) {
    const clock = new ManualClock()
    const {written, result} = run(numbers(1), () => Promise.reject(error), {retries: 2, clock})
    await clock.advance(60_000)
    assert.is(await result, 'complete')
    assert.equal(
      written.map((ended) => ['failure' in ended && ended.failure.code, ended.attempts]),
      [[error.code, attempts]],
    )
  }
})

test('waits for a place in a full queue without counting that as an attempt, but not for ever', async () => {
  const clock = new ManualClock()
  let refusals = 0
  const {written, result} = run(
    numbers(1),
    () => (++refusals <= 20 ? Promise.reject(engineError('full', true)) : Promise.resolve('in')),
    {retries: 0, clock},
  )
  await clock.advance(3_600_000)
  await result
  assert.equal(
    written.map((ended) => ['answer' in ended && ended.answer, ended.attempts]),
    [['in', 1]],
  )
  const never = run(numbers(1), () => Promise.reject(engineError('full', true)), {clock, patienceMs: 60_000})
  await clock.advance(100_000)
  assert.is(await never.result, 'complete')
  assert.ok(never.written[0] !== undefined && 'failure' in never.written[0])
})

test('once stopped begins nothing new, and brings what runs to its end', async () => {
  const stop = new AbortController()
  const answers = new Answers()
  const {written, result} = run(numbers(10), answers.answer, {stop: stop.signal})
  await settled()
  stop.abort()
  await settled()
  assert.equal(answers.running, [0, 1])
  answers.give(1)
  answers.give(0)
  assert.is(await result, 'stopped')
  assert.equal(
    [items(written), answers.asked],
    [
      [0, 1],
      [0, 1],
    ],
  )
})

test('can be stopped while it waits for input that does not come', async () => {
  const stop = new AbortController()
  const silent: AsyncIterable<number> = {
    [Symbol.asyncIterator]: () => ({next: () => new Promise(() => undefined)}),
  }
  const {result} = run(silent, () => Promise.resolve(''), {stop: stop.signal})
  await settled()
  stop.abort()
  assert.is(await result, 'stopped')
})

test('a stop cuts the wait for a retry short; what fails again is left to a later run', async () => {
  const stop = new AbortController()
  const clock = new ManualClock()
  let attempts = 0
  const failing = (): Promise<string> => {
    attempts += 1
    return Promise.reject(engineError())
  }
  const {written, result} = run(numbers(1), failing, {retries: 5, backOffMs: 1000, clock, stop: stop.signal})
  await settled()
  stop.abort()
  assert.is(await result, 'stopped')
  assert.equal([attempts, written, clock.pending], [2, [], 0])
})

test('is stopped even when what was given up held all others back', async () => {
  const stop = new AbortController()
  const answers = new Answers()
  const clock = new ManualClock()
  const options = {concurrency: 2, window: 3, retries: 5, stop: stop.signal, clock}
  const {written, result} = run(numbers(9), answers.answer, options)
  await settled()
  for (const n of [1, 2]) {
    answers.give(n)
    await settled()
  }
  answers.fail(0, engineError())
  await settled()
  stop.abort()
  await settled()
  answers.fail(0, engineError())
  assert.is(await result, 'stopped')
  // Nothing may stand before item 0, which has no row yet.
  assert.equal(written, [])
})

test('ends as soon as it is enough, with what runs', async () => {
  let written = 0
  const answers = new Answers()
  const {result} = run(numbers(10), answers.answer, {isEnough: () => ++written === 1})
  await settled()
  answers.give(0)
  await settled()
  answers.give(1)
  assert.is(await result, 'enough')
  assert.equal(answers.asked, [0, 1])
})

test('ends with the reason when nothing can be answered any more, and writes nothing that was cut off', async () => {
  const answers = new Answers()
  const {written, result} = run(numbers(10), answers.answer)
  await settled()
  answers.fail(1, new RunEnded(new NnError('not_running', 'The daemon has gone.')))
  await rejects(result, 'not_running', /has gone/)
  assert.equal([written, answers.asked], [[], [0, 1]])
})

test('a row that cannot be written ends it', async () => {
  const {result} = run(numbers(10), () => Promise.resolve(''), {
    isEnough: () => {
      throw engineError('disk full')
    },
  })
  await rejects(result, 'runtime_error', /disk full/)
})

test('input that cannot be read ends it, and what ran is aborted', async () => {
  const answers = new Answers()
  async function* broken(): AsyncGenerator<number> {
    yield await Promise.resolve(0)
    throw new NnError('invalid_argument', 'cannot be read')
  }
  await rejects(run(broken(), answers.answer).result, 'invalid_argument', /cannot be read/)
})
