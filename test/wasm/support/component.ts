import {readFile} from 'node:fs/promises'
import {initBackend, readPreloads} from '../../../src/index.js'
import {wasiNnImports} from '../../../src/wasm/component/index.js'
import {WebAssembly, type WasmModule} from '../../../src/wasm/webassembly.js'
import {qwen} from '../../support/fixtures.js'
import {asked} from './bare.js'

// Runs the recorded component, and prints what it answers.
interface Component {
  answer(model: string, prompt: string): Promise<Uint8Array>
}
type Instantiate = (getCoreModule: (name: string) => Promise<WasmModule>, imports: object) => Promise<Component>

const folder = new URL('../recorded/', import.meta.url)
const {instantiate} = (await import(new URL('answer.js', folder).href)) as {instantiate: Instantiate}
await using backend = await initBackend({config: {model: {threads: 1}}})
const preloads = readPreloads([`qwen:ggml:cpu:${qwen}`, 'gone:ggml:cpu:/no/such.gguf'])
const config = {sampling: {temp: 0, repeat_penalty: 1}, model: {ctx_size: 64}}
await using nn = wasiNnImports(backend, {preloads, config})
const component = await instantiate(
  async (name) => WebAssembly.compile(await readFile(new URL(name, folder))),
  nn.imports,
)

for (const [model, prompt] of [
  ['qwen', asked('Hello!')],
  ['qwen', asked('What is 4 + 5?')],
  ['gone', 'Hello'],
  ['other', 'Hello'],
  ['qwen', 'word '.repeat(200)],
] as const) {
  const line = await component.answer(model, prompt).then(
    (text) => Buffer.from(text).toString(),
    (error: unknown) => `error: ${String((error as {payload?: unknown}).payload)}`,
  )
  process.stdout.write(`${line}\n`)
}
