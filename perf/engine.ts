import {writeFile} from 'node:fs/promises'
import path from 'node:path'
import {fileURLToPath} from 'node:url'
import {parseArgs} from 'node:util'
import {cachedModel} from './model/write-model.js'
import type {Job} from './engine/job.js'
import {Runner, type Sample} from './engine/runner.js'
import {renderTable, type Result} from './engine/table.js'

/**
 * Generation with several sequences: this engine against other ways to run llama.cpp. Each has a process of its own,
 * and they alternate (A/B/A/B): `node --import tsx perf/engine.ts`. Needs a build, which is what is measured.
 *
 * A run has all sequences at once, from their prompts to their last token, greedy and past end-of-sequence tokens. It
 * does not include loading, and a first run to warm up is dropped. Only generated tokens count. Every run includes the
 * prompts, because a loop that mixes prompts and answers has no moment where one ends and the other begins.
 */
const competitors: Record<string, string> = {
  raw: './raw.ts',
  engine: './this-engine.ts',
  backend: './this-backend.ts',
  nlc: './node-llama-cpp.ts',
  'llama.node': './llama-node.ts',
}
const base = 'raw'

const {values: flags} = parseArgs({
  options: {
    model: {type: 'string', default: 'bench'},
    sequences: {type: 'string', default: '1,4,16'},
    only: {type: 'string', default: Object.keys(competitors).join(',')},
    threads: {type: 'string', default: '1'},
    prompt: {type: 'string', default: '64'},
    generate: {type: 'string', default: '64'},
    rounds: {type: 'string', default: '3'},
    'min-ms': {type: 'string', default: '500'},
    json: {type: 'string'},
  },
})

const tiny = fileURLToPath(new URL('../fixtures/models/tiny-qwen2-chat.gguf', import.meta.url))
const models: Record<string, () => Promise<string>> = {
  bench: () => cachedModel('bench'),
  tiny: () => Promise.resolve(tiny),
}
const model = await (models[flags.model]?.() ?? Promise.resolve(path.resolve(flags.model)))
const selected = flags.only.split(',').map((name): [string, string] => {
  const file = competitors[name]
  if (file === undefined)
    throw new Error(`--only: there is no ${name}; choose from ${Object.keys(competitors).join(', ')}`)
  return [name, file]
})

const results: Result[] = []
for (const sequences of flags.sequences.split(',').map(Number)) {
  const job: Job = {
    ...{model, sequences, threads: Number(flags.threads)},
    ...{promptTokens: Number(flags.prompt), generateTokens: Number(flags.generate)},
  }
  results.push(...(await measure(job)))
}
console.log(renderTable(results, base))
if (flags.json !== undefined) await writeFile(flags.json, JSON.stringify({flags, results}, null, 1))

async function measure(job: Job): Promise<Result[]> {
  const running = new Map<string, {runner: Runner; samples: Sample[]}>()
  /** A competitor that fails is left out of further runs and of the table. */
  const attempt = async (competitor: string, work: () => Promise<void>): Promise<void> => {
    try {
      await work()
    } catch (error) {
      console.error(`${job.sequences} x ${competitor} is left out: ${String(error)}`)
      await running.get(competitor)?.runner.stop()
      running.delete(competitor)
    }
  }
  try {
    let repeats = 1
    for (const [competitor, file] of selected) {
      await attempt(competitor, async () => {
        const runner = await Runner.start(file, job)
        running.set(competitor, {runner, samples: []})
        const {wallMs} = await runner.run(0, 1)
        // A run of a few milliseconds measures the clock. All repeat as often as the fastest one needs.
        repeats = Math.max(repeats, Math.ceil(Number(flags['min-ms']) / wallMs))
      })
    }
    for (let round = 1; round <= Number(flags.rounds); round++) {
      for (const [competitor, {runner, samples}] of running) {
        await attempt(competitor, async () => {
          const sample = await runner.run(round * 1000, repeats)
          samples.push(sample)
          const {tokens, wallMs, cpuMs} = sample
          const [wall, cpu] = [wallMs, cpuMs].map((ms) => ((tokens * 1000) / ms).toFixed(1))
          console.error(`${job.sequences} x ${competitor}: ${wall ?? ''} tokens/s, ${cpu ?? ''} tokens/cpu-s`)
        })
      }
    }
    return [...running].map(([competitor, {samples}]) => ({sequences: job.sequences, competitor, samples}))
  } finally {
    await Promise.all([...running.values()].map(({runner}) => runner.stop()))
  }
}
