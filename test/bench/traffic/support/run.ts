import {
  figuresOf,
  runTraffic,
  type Traffic,
  type TrafficFigures,
  type TrafficRun,
} from '../../../../src/bench/traffic/index.js'
import type {Slo} from '../../../../src/bench/traffic/index.js'
import {ManualClock} from '../../../support/manual-clock.js'
import type {TestContext} from '../../../support/suite.js'
import {FakeTarget, type Script} from './fake-target.js'
import type {Ask} from '../../../../src/bench/target.js'

export interface Ran {
  run: TrafficRun
  target: FakeTarget
  figures: TrafficFigures
}

/** Runs traffic against a fake target, and moves its clock until it has ended. */
export async function runFake(
  t: TestContext,
  traffic: Traffic,
  {script, slo, seed = 1}: {script?: (index: number, ask: Ask) => Script; slo?: Slo; seed?: number} = {},
): Promise<Ran> {
  const clock = new ManualClock()
  const target = new FakeTarget(clock, script)
  const prompts = {make: (tokens: number, of: number) => `prompt ${of} of ${tokens}`}
  const state = {ended: false}
  const running = runTraffic(traffic, {target, prompts, seed, clock, signal: t.signal}).finally(() => {
    state.ended = true
  })
  // A failure is thrown below.
  running.catch(() => undefined)
  while (!state.ended) await clock.advance(1000)
  const run = await running
  return {run, target, figures: figuresOf(run, slo)}
}
