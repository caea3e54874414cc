import * as assert from 'uvu/assert'
import {Turns} from '../../src/openai/turns.js'
import {thrownBy} from '../support/rejects.js'
import {suite} from '../support/suite.js'

const test = suite('turns')

/** Work that ends when it is told to. */
function workbench(): {run: () => Promise<void>; endAll: () => void; running: () => number} {
  const ends: (() => void)[] = []
  let running = 0
  return {
    run: async () => {
      running++
      await new Promise<void>((resolve) => ends.push(resolve))
      running--
    },
    endAll: () => ends.splice(0).forEach((end) => end()),
    running: () => running,
  }
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('so many run at a time, and the others follow in order', async () => {
  const turns = new Turns(2)
  const {run, endAll, running} = workbench()
  const ended: number[] = []
  const all = [0, 1, 2, 3, 4].map((at) => turns.run(new AbortController().signal, run).then(() => ended.push(at)))
  for (const left of [2, 2, 1]) {
    await settle()
    assert.is(running(), left)
    endAll()
  }
  await Promise.all(all)
  assert.equal(ended, [0, 1, 2, 3, 4])
})

test('who is gone before its turn does nothing and holds up nobody', async () => {
  const turns = new Turns(1)
  const {run, endAll, running} = workbench()
  const leaving = new AbortController()
  const {signal} = new AbortController()
  const first = turns.run(signal, run)
  const gone = thrownBy(turns.run(leaving.signal, run))
  const last = turns.run(signal, run)
  leaving.abort(new Error('gone'))
  assert.match(String(await gone), /gone/)
  endAll()
  await first
  await settle()
  assert.is(running(), 1)
  endAll()
  await last
})

test('work that fails gives its turn to the next one', async () => {
  const turns = new Turns(1)
  const {signal} = new AbortController()
  const failing = thrownBy(turns.run(signal, () => Promise.reject(new Error('failed'))))
  const next = turns.run(signal, () => Promise.resolve('done'))
  assert.match(String(await failing), /failed/)
  assert.is(await next, 'done')
})
