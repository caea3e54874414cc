import {realClock} from '../../src/system/clock.js'
import {Prompts} from '../../src/bench/prompts.js'
import {HttpTarget} from '../../src/bench/targets/http-target.js'
import {figuresOf, runTraffic, type Traffic, type TrafficFigures} from '../../src/bench/traffic/index.js'
import {enginePasses} from './engine-passes.js'
import type {ServerProcess} from './server-process.js'

/** One round of one server. */
export interface Round {
  figures: TrafficFigures
  /** Of all processes of the server, within the measured window. */
  cpuMs: number
  /** At the end of the window. */
  rssBytes: number
  readyMs: number
  /** Passes over the weights in a step of the engine; absent where the server has no such counters. */
  passesPerStep: number | undefined
}

/** A server, with a source of prompts in its vocabulary. */
export interface Running {
  /** Title of its column. */
  name: string
  server: ServerProcess
  target: HttpTarget
  prompts: Prompts
}

export async function connect(server: ServerProcess, name: string, signal: AbortSignal): Promise<Running> {
  const target = await HttpTarget.open({url: server.url, apiKey: undefined, signal})
  const prompts = await Prompts.forTokenizer((text) => target.countTokens(text, signal))
  return {name, server, target, prompts}
}

export async function measureRound(
  {server, target, prompts}: Running,
  traffic: Traffic,
  {seed, signal}: {seed: number; signal: AbortSignal},
): Promise<Round> {
  const usage = {open: {cpuMs: NaN, rssBytes: NaN}, close: {cpuMs: NaN, rssBytes: NaN}}
  const before = await enginePasses(server.url, signal)
  const run = await runTraffic(traffic, {
    target,
    prompts,
    seed,
    signal,
    clock: realClock,
    onWindow: (edge) => {
      usage[edge] = server.usage()
    },
  })
  const after = await enginePasses(server.url, signal)
  return {
    figures: figuresOf(run),
    cpuMs: usage.close.cpuMs - usage.open.cpuMs,
    rssBytes: usage.close.rssBytes,
    readyMs: server.readyMs,
    passesPerStep:
      before === undefined || after === undefined || after.steps === before.steps
        ? undefined
        : (after.passes - before.passes) / (after.steps - before.steps),
  }
}
