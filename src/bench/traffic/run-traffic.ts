import type {Clock} from '../../system/clock.js'
import type {Prompts} from '../prompts.js'
import type {Target} from '../target.js'
import {conversations} from './conversations.js'
import type {Exchange} from './exchange.js'
import {longPrompt, type LongPromptRun} from './long-prompt.js'
import {closedLoop, poissonArrivals, together, type WindowEdges} from './loops.js'
import {Recorder} from './recorder.js'
import {Source} from './source.js'
import type {Traffic, Window} from './traffic.js'

export interface TrafficOptions {
  target: Pick<Target, 'complete'>
  prompts: Pick<Prompts, 'make'>
  /** Of lengths and times. */
  seed: number
  /** Changes the prompts and nothing else. Defaults to 0. */
  promptSeed?: number
  clock: Clock
  signal: AbortSignal
  /** Called at the moment at which the measured window opens and closes, to read other counters for the same time. */
  onWindow?: (edge: 'open' | 'close') => void
}

export interface TrafficRun {
  exchanges: Exchange[]
  window: Window
  longPrompt: LongPromptRun | undefined
}

/** Sends the traffic to the target. Failed requests are in the result. @throws the signal's reason */
export async function runTraffic(traffic: Traffic, options: TrafficOptions): Promise<TrafficRun> {
  const {target, prompts, seed, promptSeed = 0, clock, signal, onWindow} = options
  const recorder = new Recorder(target, clock, signal)
  const source = new Source(prompts, traffic, {seed, promptSeed})
  const window: Window = {fromMs: clock.now(), toMs: NaN}
  const edges: WindowEdges = {
    open: () => {
      window.fromMs = clock.now()
      onWindow?.('open')
    },
    close: () => {
      window.toMs = clock.now()
      onWindow?.('close')
    },
  }
  try {
    const longPromptRun = await send(traffic, recorder, source, edges)
    return {exchanges: recorder.exchanges, window, longPrompt: longPromptRun}
  } finally {
    await recorder.stop()
  }
}

async function send(
  traffic: Traffic,
  recorder: Recorder,
  source: Source,
  edges: WindowEdges,
): Promise<LongPromptRun | undefined> {
  switch (traffic.kind) {
    case 'closed':
      await closedLoop(traffic, recorder, source, edges)
      return undefined
    case 'together':
      await together(traffic, recorder, source, edges)
      return undefined
    case 'poisson':
      await poissonArrivals(traffic, recorder, source, edges)
      return undefined
    case 'conversations':
      await conversations(traffic, recorder, source, edges)
      return undefined
    case 'long-prompt':
      return longPrompt(traffic, recorder, source, edges)
  }
}
