import wabt from 'wabt'
import {createWasiNN, GraphPool, initBackend, readPreloads} from '../../../src/index.js'
import {WebAssembly, type WasmMemory} from '../../../src/wasm/webassembly.js'
import {qwen} from '../../support/fixtures.js'
import {answeringGuest} from './answering-guest.js'
import {asked} from './bare.js'

// Many guests on one thread, each with an instance and handles of its own. Prints how often each answer came.
const count = Number(process.argv[2])
const prompts = ['Hello!', 'What is 4 + 5?', 'What is the capital of France?', 'What is my name?'].map(asked)
const config = {backend: {queue_size: 1000}, model: {threads: 1}, sampling: {temp: 0, repeat_penalty: 1}}
await using backend = await initBackend({config, strict: true})
const parsed = (await wabt()).parseWat('answering.wat', answeringGuest)
const module = await WebAssembly.compile(parsed.toBinary({}).buffer)
const pool = new GraphPool(backend)
const preloads = readPreloads([`qwen:ggml:cpu:${qwen}`])

const answers = await Promise.all(
  Array.from({length: count}, async (_, index) => {
    await using nn = createWasiNN(backend, {pool, preloads})
    const instance = await WebAssembly.instantiate(module, nn.imports)
    nn.initialize(instance)
    const {buffer} = instance.exports.memory as WasmMemory
    const {written} = new TextEncoder().encodeInto(prompts[index % 4] ?? '', new Uint8Array(buffer, 1024))
    const size = (await nn.call('answer', written)) as number
    return `${index % 4} ${Buffer.from(buffer, 8192, size).toString()}`
  }),
)
const tally: Record<string, number> = {}
for (const answer of answers) tally[answer] = (tally[answer] ?? 0) + 1
process.stdout.write(`${JSON.stringify(tally)}\n`)
