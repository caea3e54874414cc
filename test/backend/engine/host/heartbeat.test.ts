import * as assert from 'uvu/assert'
import type {CpuTime} from '../../../../src/backend/engine/cpu-time.js'
import {cpuTime} from '../../../../src/backend/engine/cpu-time.js'
import {Heartbeat} from '../../../../src/backend/engine/host/heartbeat.js'
import {ManualClock} from '../../../support/manual-clock.js'
import {suite} from '../../../support/suite.js'

const test = suite('the heartbeat of an engine')
const limits = {beatMs: 3000, silentMs: 15_000, busyMs: 300_000}

interface Engine {
  /** Milliseconds that the decode under way has taken; `undefined` when nothing is answered. */
  answers?: (now: number) => number
  cpu?: (now: number) => CpuTime | undefined
  isLoaded?: boolean
}

const still: CpuTime = {ticks: 7, waitsForDisk: false}
const computing = (now: number): CpuTime => ({ticks: now, waitsForDisk: false})

/** What an engine that behaves so is found to be within ten minutes, and when, in seconds. */
async function watched(engine: Engine, jump = 0): Promise<[seconds: number, why: string] | undefined> {
  const clock = new ManualClock()
  const jumping = {now: () => clock.now() + jump * Math.floor(clock.now() / 9000), after: clock.after.bind(clock)}
  let found: [number, string] | undefined
  const heartbeat: Heartbeat = new Heartbeat(
    {
      ping: () => {
        if (engine.answers !== undefined) heartbeat.heard(engine.answers(clock.now()))
      },
      cpuTime: () => (engine.cpu === undefined ? still : engine.cpu(clock.now())),
      hung: (why) => (found = [clock.now() / 1000, why]),
    },
    limits,
    jumping,
  )
  heartbeat.isLoaded = engine.isLoaded ?? true
  await clock.advance(600_000)
  heartbeat.stop()
  assert.is(clock.pending, 0)
  return found
}

test('one that answers is alive, whatever it computes', async () => {
  assert.is(await watched({answers: () => 0}), undefined)
})

test('one that neither answers nor computes hangs after 15 s', async () => {
  const [seconds, why] = (await watched({})) ?? []
  assert.ok(seconds !== undefined && seconds >= 15 && seconds <= 21, String(seconds))
  assert.match(why ?? '', /not answered and not computed for 1\d s/)
})

test('one that computes may be silent for five minutes, and no longer', async () => {
  assert.equal(await watched({cpu: computing}), [300, 'it has not answered for 300 s'])
})

test('one that waits for a disk is as good as one that computes', async () => {
  assert.is((await watched({cpu: () => ({ticks: 7, waitsForDisk: true})}))?.[0], 300)
})

test('where computing cannot be told, and while it loads, only five minutes of silence count', async () => {
  assert.is((await watched({cpu: () => undefined}))?.[0], 300)
  assert.is((await watched({isLoaded: false}))?.[0], 300)
})

test('a decode may take an hour as long as it computes, and five minutes when it does not', async () => {
  const answers = (now: number): number => now
  assert.is(await watched({answers, cpu: computing}), undefined)
  assert.match((await watched({answers}))?.[1] ?? '', /a decode has run for 300 s without using the CPU/)
})

test('a machine that stands still again and again is not held against the engine', async () => {
  assert.is(await watched({}, 60_000), undefined)
})

test('the time that a process has computed grows as it computes, and a process that has gone has none', () => {
  const before = cpuTime(process.pid)
  if (before === undefined) return
  while ((cpuTime(process.pid)?.ticks ?? 0) <= before.ticks);
  assert.is(before.waitsForDisk, false)
  assert.is(cpuTime(2 ** 30), undefined)
})
