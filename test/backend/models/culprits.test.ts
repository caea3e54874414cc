import * as assert from 'uvu/assert'
import {Culprits} from '../../../src/backend/models/culprits.js'
import {NnError} from '../../../src/errors.js'
import {ManualClock, settled} from '../../support/manual-clock.js'
import {suite} from '../../support/suite.js'

const test = suite('culprits')

const error = new NnError('engine_died', 'It died.')
type Cause = 'fault' | 'blocked' | 'outside'

function made(): {
  culprits: Culprits
  clock: ManualClock
  dies: (cause: Cause, ...suspects: string[]) => string | undefined
} {
  const clock = new ManualClock()
  const culprits = new Culprits(clock)
  return {culprits, clock, dies: (cause, ...suspects) => culprits.find({error, cause, suspects})?.fingerprint}
}

const isRejected = (culprits: Culprits, request: string): boolean => culprits.rejection(() => request) !== undefined

for (const cause of ['fault', 'blocked'] as const) {
  test(`a single suspect is the culprit: ${cause}`, () => {
    const {culprits, dies} = made()
    assert.is(dies(cause, 'a'), 'a')
    assert.equal([isRejected(culprits, 'a'), isRejected(culprits, 'b'), culprits.blamed], [true, false, 1])
  })
}

test('a death that may have another cause blames nobody at once, and at the second time its only common suspect', () => {
  const {dies} = made()
  assert.equal([dies('outside', 'a'), dies('outside', 'b'), dies('outside', 'a')], [undefined, undefined, 'a'])
})

test('of several suspects it is the one that was there the last time, too', () => {
  const {culprits, dies} = made()
  assert.is(dies('fault', 'a', 'b', 'c'), undefined)
  assert.is(dies('fault', 'c', 'd'), 'c')
  assert.is(culprits.blamed, 2)
})

test('suspects that died together twice stay suspects, and a third death decides', () => {
  const {dies} = made()
  assert.equal([dies('fault', 'a', 'b'), dies('fault', 'a', 'b'), dies('fault', 'b', 'c')], [undefined, undefined, 'b'])
})

test('the deaths that a culprit explains are named, so that they can be forgiven, and count no more', async () => {
  const {culprits, clock} = made()
  culprits.find({error, cause: 'fault', suspects: ['a', 'b']})
  await clock.advance(10)
  assert.equal(culprits.find({error, cause: 'fault', suspects: ['b']})?.deaths, [0, 10])
  assert.is(culprits.find({error, cause: 'fault', suspects: ['a', 'c']}), undefined)
})

test('nobody is blamed for a death without suspects, nor by one of long ago', async () => {
  const {clock, dies} = made()
  assert.is(dies('fault'), undefined)
  assert.is(dies('fault', 'a', 'b'), undefined)
  await clock.advance(600_000)
  assert.is(dies('fault', 'a', 'c'), undefined)
})

test('a culprit is rejected for ten minutes, with the reason and how long still', async () => {
  const {culprits, clock, dies} = made()
  dies('fault', 'a')
  await clock.advance(595_000)
  const rejected = culprits.rejection(() => 'a')
  assert.is(rejected?.reason, 'request_killed_engine')
  assert.match(rejected?.message ?? '', /rejected for another 5 s, because it ended the engine process: It died\./)
  await clock.advance(5000)
  assert.not(isRejected(culprits, 'a'))
})

test('a thousand are remembered, and the first is forgotten for the next', () => {
  const {culprits, dies} = made()
  for (let number = 0; number <= 1000; number++) dies('fault', String(number))
  assert.equal(
    ['0', '1', '1000'].map((request) => isRejected(culprits, request)),
    [false, true, true],
  )
})

test('as long as nobody is rejected, no request is looked at', () => {
  const {culprits} = made()
  assert.is(
    culprits.rejection(() => {
      throw new Error('It was.')
    }),
    undefined,
  )
})

test('suspects are tried again one after the other, others at once', async () => {
  const {culprits} = made()
  const {signal} = new AbortController()
  const started: string[] = []
  let end = (): void => undefined
  const first = culprits.retry(culprits.suspect(error), signal, () => {
    started.push('first')
    return new Promise<void>((resolve) => (end = resolve))
  })
  const second = culprits.retry(culprits.suspect(error), signal, () => Promise.resolve(void started.push('second')))
  const other = culprits.retry(error, signal, () => Promise.resolve(void started.push('other')))
  await Promise.all([other, settled()])
  assert.equal(started.toSorted(), ['first', 'other'])
  end()
  await Promise.all([first, second])
  assert.is(started.at(-1), 'second')
})

test('a suspect that is taken back does not wait for its turn', async () => {
  const {culprits} = made()
  const taken = new AbortController()
  void culprits.retry(culprits.suspect(error), new AbortController().signal, () => new Promise(() => undefined))
  const second = culprits.retry(culprits.suspect(error), taken.signal, () =>
    Promise.resolve('its attempt sees the signal'),
  )
  taken.abort()
  assert.is(await second, 'its attempt sees the signal')
})
