import path from 'node:path'
import {Readable} from 'node:stream'
import {parseArgs} from 'node:util'
import wabt from 'wabt'
import type * as library from '../src/index.js'
import {table} from '../src/terminal/units.js'
import type {WasmInstance, WasmModule} from '../src/wasm/webassembly.js'

/**
 * The time of a call of a WebAssembly guest, beside the same call of the library: `get_output` of a context without an
 * output, which does no work of its own. `node --import tsx perf/wasm.ts`, after `npm run build`; the rows of JSPI need
 * Node.js 24.
 */
const {values: flags} = parseArgs({
  options: {calls: {type: 'string', default: '20000'}, rounds: {type: 'string', default: '5'}},
})
const calls = Number(flags.calls)
const root = path.join(import.meta.dirname, '..')
const model = path.join(root, 'fixtures/models/tiny-qwen2-chat.gguf')
const {createWasiNN, compileGuest, initBackend, readPreloads, runGuest} = (await import(
  path.join(root, 'dist/index.js')
)) as typeof library

const wasm = (
  globalThis as unknown as {
    WebAssembly: {
      Suspending?: unknown
      compile(bytes: Uint8Array): Promise<WasmModule>
      instantiate(module: WasmModule, imports: object): Promise<WasmInstance>
    }
  }
).WebAssembly

/** Loads the model, opens a context and reads its empty output; `_start` for a program, `read` for an instance. */
const source = `(module
  (import "wasi_ephemeral_nn" "load_by_name" (func $load (param i32 i32 i32) (result i32)))
  (import "wasi_ephemeral_nn" "init_execution_context" (func $init (param i32 i32) (result i32)))
  (import "wasi_ephemeral_nn" "get_output" (func $get (param i32 i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "default")
  (func $check (param i32) (if (local.get 0) (then unreachable)))
  (func (export "_start") (local $left i32)
    (call $check (call $load (i32.const 0) (i32.const 7) (i32.const 8)))
    (call $check (call $init (i32.load (i32.const 8)) (i32.const 12)))
    (local.set $left (i32.const ${calls}))
    (loop
      (call $check (call $get (i32.load (i32.const 12)) (i32.const 0) (i32.const 64) (i32.const 64) (i32.const 16)))
      (br_if 0 (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))))`
const bytes = (await wabt()).parseWat('calls.wat', source).toBinary({}).buffer
const preloads = readPreloads([`default:GGML:CPU:${model}`])

await using backend = await initBackend({config: {model: {threads: 1}}})

/** Microseconds per call, from the start of the first to the end of the last one. */
class Span {
  private firstMs = 0
  private lastMs = 0

  readonly onCall = ({
    request,
    startMs,
    endMs,
  }: Parameters<NonNullable<library.GuestHostOptions['onCall']>>[0]): void => {
    if (request.call !== 'get_output') return
    this.firstMs ||= startMs
    this.lastMs = endMs
  }

  get microseconds(): number {
    return ((this.lastMs - this.firstMs) * 1000) / calls
  }
}

async function ofLibrary(): Promise<number> {
  const graph = await backend.loadByName(model)
  const context = await backend.initExecutionContext(graph)
  const buffer = new Uint8Array(64)
  const start = performance.now()
  for (let call = 0; call < calls; call++) await backend.getOutput(context, 0, buffer)
  const ms = performance.now() - start
  await backend.unload(graph)
  return (ms * 1000) / calls
}

async function ofProgram(bridge: 'wait' | 'suspend', isolate = false): Promise<number> {
  const span = new Span()
  const output = {write: () => Promise.resolve()}
  const guest = await compileGuest(bytes, 1 << 20)
  const result = await runGuest({
    ...{backend, guest, preloads, bridge, isolate, args: ['calls.wasm'], onCall: span.onCall},
    ...{stdin: Readable.from([]), stdout: output, stderr: output},
  })
  if (result.kind !== 'exit' || result.code !== 0) throw new Error(`The guest ended with ${JSON.stringify(result)}.`)
  return span.microseconds
}

async function ofInstance(): Promise<number> {
  const span = new Span()
  await using nn = createWasiNN(backend, {preloads, onCall: span.onCall})
  const instance = await wasm.instantiate(await wasm.compile(bytes), nn.imports)
  nn.initialize(instance)
  await nn.call('_start')
  return span.microseconds
}

const ways: [name: string, measure: () => Promise<number>][] = [
  ['library', ofLibrary],
  ['program, its thread waits', () => ofProgram('wait')],
  ['program in a process (--isolate)', () => ofProgram('wait', true)],
  ...(wasm.Suspending === undefined
    ? []
    : ([
        ['program, suspended in its thread', () => ofProgram('suspend')],
        ['instance, suspended on the same thread', ofInstance],
      ] as [string, () => Promise<number>][])),
]

// In turns, so that the machine's other work meets all of them alike.
const times = ways.map((): number[] => [])
for (let round = 0; round < Number(flags.rounds); round++) {
  for (const [index, [, measure]] of ways.entries()) times[index]?.push(await measure())
}
const medians = times.map((own) => own.sort((a, b) => a - b)[Math.floor(own.length / 2)] ?? NaN)
const rows = ways.map(([name], index) => {
  const own = medians[index] ?? NaN
  return [name, own.toFixed(1), (own - (medians[0] ?? NaN)).toFixed(1)]
})
console.log(`${calls} calls, median of ${flags.rounds} rounds, Node.js ${process.version}`)
console.log(table([['way', 'µs per call', 'more than the library'], ...rows]).join('\n'))
