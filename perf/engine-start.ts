import {spawnSync} from 'node:child_process'
import {fileURLToPath} from 'node:url'
import {bundleInternals} from './engine/built.js'

/**
 * The time until an engine process can load a model: with the addon loaded directly, as the engine does, and with
 * node-llama-cpp's `getLlama`. They alternate in one run: `node --import tsx perf/engine-start.ts`.
 */
const rounds = 9
const ways: Record<string, string> = {'addon directly': 'start/addon.mjs', getLlama: 'start/get-llama.mjs'}

const [addon = ''] = await bundleInternals('backend/engine/child/addon.ts')
const samples = new Map(Object.keys(ways).map((name) => [name, [] as number[]]))
for (let round = 0; round <= rounds; round++) {
  for (const [name, file] of Object.entries(ways)) {
    const startedAt = performance.now()
    const {status, stderr} = spawnSync(process.execPath, [fileURLToPath(new URL(file, import.meta.url)), addon])
    if (status !== 0) throw new Error(`${name} exited with ${status ?? 'a signal'}: ${stderr.toString()}`)
    if (round > 0) samples.get(name)?.push(performance.now() - startedAt)
  }
}
for (const [name, values] of samples) {
  const median = values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN
  console.log(`${name.padEnd(15)} ${median.toFixed(0).padStart(5)} ms for the whole process`)
}
