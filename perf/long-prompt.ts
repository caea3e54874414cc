import {parseArgs} from 'node:util'
import type {GenerationHandle} from '../src/backend/engine/host/engine-process.js'
import {settings} from './engine/built.js'
import {digitPrompts} from './engine/job.js'
import {startEngine} from './engine/start-engine.js'
import {median} from './engine/table.js'
import {cachedModel} from './model/write-model.js'
import {percentile} from './conversations/statistics.js'

/**
 * The effect of a long prompt on running answers: `node --import tsx perf/long-prompt.ts`. Needs a build. Prints the
 * inter-token latency of the answers before the prompt arrives and while it is evaluated. Also prints the time to the
 * first token of the prompt, beside the answers and alone.
 */
const {values: flags} = parseArgs({
  options: {
    sessions: {type: 'string', default: '8'},
    prompt: {type: 'string', default: '2000'},
    threads: {type: 'string', default: '1'},
    rounds: {type: 'string', default: '3'},
  },
})
const [sessions, promptTokens, threads, rounds] = [flags.sessions, flags.prompt, flags.threads, flags.rounds].map(
  Number,
) as [number, number, number, number]
const tokensBefore = 40
const shortPrompt = 64
const contextSize = Math.ceil((promptTokens + 512) / 256) * 256

const model = await cachedModel('bench')
const job = {model, sequences: sessions, threads, promptTokens: shortPrompt, generateTokens: 1}
const {engine, request} = await startEngine(
  model,
  settings({sequences: sessions + 1, threads, contextSize, generateTokens: contextSize}),
)

/** Times at which the text of one session arrived. */
interface Session {
  arrivals: number[]
  handle: GenerationHandle
}

function start(text: string, onToken: () => void): Session {
  const arrivals: number[] = []
  const handle = engine.generate(request(text), () => {
    arrivals.push(performance.now())
    onToken()
  })
  return {arrivals, handle}
}

/** Milliseconds from the request to the first token of the long prompt. */
async function evaluateLongPrompt(seed: number): Promise<number> {
  const [text = ''] = digitPrompts({...job, sequences: 1, promptTokens}, seed)
  const from = performance.now()
  return new Promise((resolve, reject) => {
    const {handle} = start(text, () => {
      resolve(performance.now() - from)
      handle.abort()
    })
    handle.result.catch(reject)
  })
}

function gaps(running: readonly Session[], from: number, to: number): number[] {
  return running.flatMap(({arrivals}) =>
    arrivals.flatMap((at, index) => {
      const previous = arrivals[index - 1]
      return previous === undefined || previous < from || at > to ? [] : [at - previous]
    }),
  )
}

async function round(seed: number): Promise<{before: number[]; during: number[]; beside: number; alone: number}> {
  const alone = await evaluateLongPrompt(seed)
  let ready = (): void => undefined
  const steady = new Promise<void>((resolve) => (ready = resolve))
  const running: Session[] = []
  for (const text of digitPrompts(job, seed)) {
    running.push(
      start(text, () => {
        if (running.every(({arrivals}) => arrivals.length > tokensBefore)) ready()
      }),
    )
  }
  await steady
  const firstTokens = Math.max(...running.map(({arrivals}) => arrivals[0] ?? 0))
  const arrivedAt = performance.now()
  const beside = await evaluateLongPrompt(seed + 1)
  for (const {handle} of running) handle.abort()
  await Promise.all(running.map(({handle}) => handle.result))
  return {
    ...{before: gaps(running, firstTokens, arrivedAt), during: gaps(running, arrivedAt, arrivedAt + beside)},
    ...{beside, alone},
  }
}

const measured: Awaited<ReturnType<typeof round>>[] = []
for (let index = 0; index < rounds; index++) measured.push(await round(index * 2))
await engine.stop()

const [before, during] = [measured.flatMap((one) => one.before), measured.flatMap((one) => one.during)]
console.log('| inter-token latency of the answers | p50 ms | p95 ms |\n|---|---|---|')
for (const [name, values] of Object.entries({before, during})) {
  console.log(`| ${name} | ${percentile(values, 0.5).toFixed(0)} | ${percentile(values, 0.95).toFixed(0)} |`)
}
const ratios = [0.5, 0.95].map((share) => (percentile(during, share) / percentile(before, share)).toFixed(2))
console.log(`| ratio | ${ratios.join(' | ')} |`)
const [beside, alone] = [median(measured.map((one) => one.beside)), median(measured.map((one) => one.alone))]
console.log(
  `\nTime to first token of ${promptTokens} prompt tokens: ${(beside / 1000).toFixed(1)} s beside ${sessions} answers, ` +
    `${(alone / 1000).toFixed(1)} s alone (${(beside / alone).toFixed(2)} x).`,
)
