import {fork} from 'node:child_process'
import {once} from 'node:events'
import http from 'node:http'
import {fileURLToPath} from 'node:url'
import {parseArgs} from 'node:util'
import {cpuMs} from './engine/cpu-time.js'
import type {Job} from './engine/job.js'
import {median} from './engine/table.js'
import {cachedModel} from './model/write-model.js'
import {runOverHttp} from './serve/client.js'
import {Samples, type Run} from './serve/samples.js'
import type {Reply, Request} from './serve/server.js'

/**
 * Streaming clients over HTTP against the same backend in its own process, in turn (A/B/A/B), on one engine:
 * `node --import tsx perf/serve.ts`. Needs a build. This process has the clients, another one the server, a third one
 * the engine. Tokens per second are counted over the time from the first request to the last token.
 */
const {values: flags} = parseArgs({
  options: {
    model: {type: 'string', default: 'bench'},
    clients: {type: 'string', default: '1,4,16,64'},
    threads: {type: 'string', default: '1'},
    prompt: {type: 'string', default: '32'},
    generate: {type: 'string', default: '32'},
    rounds: {type: 'string', default: '5'},
    repeats: {type: 'string', default: '1'},
  },
})

const tiny = fileURLToPath(new URL('../fixtures/models/tiny-qwen2-chat.gguf', import.meta.url))
const model = flags.model === 'tiny' ? tiny : await cachedModel('bench')
const ways = ['here', 'http'] as const

console.log(
  '| clients | in process, tokens/s | HTTP, tokens/s | ratio | ratio per CPU-s of the engine | host, CPU ms/token | with HTTP | time to first token p95, in process | HTTP |',
)
console.log('|---|---|---|---|---|---|---|---|---|')
for (const sequences of flags.clients.split(',').map(Number)) await measure(sequences)

async function measure(sequences: number): Promise<void> {
  const job: Job = {
    ...{model, sequences, threads: Number(flags.threads)},
    ...{promptTokens: Number(flags.prompt), generateTokens: Number(flags.generate)},
  }
  const child = fork(fileURLToPath(new URL('./serve/server.ts', import.meta.url)), {execArgv: ['--import', 'tsx']})
  const ask = async (request: Request): Promise<Reply> => {
    child.send(request)
    const [reply] = (await once(child, 'message')) as [Reply]
    if (reply.type === 'failed') throw new Error(reply.reason)
    return reply
  }
  const runHere = async (seed: number): Promise<Run> => {
    const reply = await ask({type: 'run', seed})
    if (reply.type !== 'ran') throw new Error(`The reply to a request to run was "${reply.type}".`)
    return reply
  }
  const loaded = await ask({type: 'load', job})
  if (loaded.type !== 'loaded') throw new Error(`The reply to a request to load was "${loaded.type}".`)
  const usage = async (): Promise<{host: number; engine: number}> => ({
    ...{host: await cpuMs(loaded.hostPid), engine: await cpuMs(loaded.enginePid)},
  })
  const agent = new http.Agent({keepAlive: true, maxSockets: sequences})
  const samples = {here: new Samples(), http: new Samples()}
  let seed = 0
  for (let round = 0; round <= Number(flags.rounds); round++) {
    for (const way of ways) {
      const before = await usage()
      const runs: Run[] = []
      for (let repeat = 0; repeat < Number(flags.repeats); repeat++) {
        seed += 1000
        runs.push(way === 'here' ? await runHere(seed) : await runOverHttp(loaded.url, agent, job, seed))
      }
      // The first round warms up.
      const after = await usage()
      const cpu = {host: after.host - before.host, engine: after.engine - before.engine}
      if (round > 0) samples[way].add(runs, cpu, sequences * job.generateTokens)
    }
  }
  agent.destroy()
  child.disconnect()
  await once(child, 'exit')
  const {here, http: over} = samples
  const ratio = (of: 'perSecond' | 'perCpuSecond'): string =>
    median(here[of].map((value, at) => (over[of][at] ?? NaN) / value)).toFixed(3)
  const cells = [
    ...[sequences, here.speed.toFixed(0), over.speed.toFixed(0), ratio('perSecond'), ratio('perCpuSecond')],
    ...[here.cost.toFixed(3), over.cost.toFixed(3), `${here.p95.toFixed(0)} ms`, `${over.p95.toFixed(0)} ms`],
  ]
  console.log(`| ${cells.join(' | ')} |`)
}
