import {workerData} from 'node:worker_threads'
import {beginCall} from '../abi/functions.js'
import {nnFunctions, nnModule} from '../abi/messages.js'
import type {Bridge} from '../bridge/bridge.js'
import {openBridge} from '../bridge/open-bridge.js'
import type {GuestEnd, ThreadMessage, ThreadStart} from '../bridge/protocol.js'
import {memoryOf, WebAssembly, type WasmInstance, type WasmMemory} from '../webassembly.js'
import {GuestExit, makeWasi, preview1} from './preview1.js'
import {wasiModule} from './wasi-functions.js'

/** The thread of a guest. Its end is a message; the host ends the thread. */
const start = workerData as ThreadStart
const bridge = openBridge(start)
let memory: WasmMemory | undefined

const end = await runGuest().then(
  (): GuestEnd => ({kind: 'exit', code: 0}),
  (error: unknown) => endOf(error),
)
const message: ThreadMessage = {end, memoryBytes: memory?.buffer.byteLength ?? 0}
start.port.postMessage(message)
// The thread stays until the host ends it: its exit could be seen before its last message.
start.port.on('message', () => undefined)

async function runGuest(): Promise<void> {
  const wasi = await makeWasi(start)
  const instance = await WebAssembly.instantiate(start.module, {
    [wasiModule]: preview1(wasi, bridge, () => memory),
    [nnModule]: nnImports(bridge),
  })
  memory = memoryOf(instance)
  await bridge.run(bindings(wasi, instance), '_start', () => startNow(wasi, instance))
}

function nnImports(over: Bridge): Record<string, unknown> {
  const entries = nnFunctions.map((name) => [
    name,
    over.wrap((...args) => {
      const {request, finish} = beginCall(name, memory, args)
      return {
        request: {kind: 'nn', request},
        finish: (reply) => {
          if (reply.kind !== 'nn') throw new Error(`Expected a reply of WASI-NN, not ${reply.kind}.`)
          return finish(reply.reply)
        },
      }
    }),
  ])
  return Object.fromEntries(entries) as Record<string, unknown>
}

/** node:wasi needs the memory, and would itself call the guest otherwise. */
function bindings(wasi: Awaited<ReturnType<typeof makeWasi>>, instance: WasmInstance): WasmInstance {
  const {finalizeBindings} = wasi as unknown as {finalizeBindings?: (instance: WasmInstance) => void}
  if (start.bridge === 'suspend' && memory !== undefined) finalizeBindings?.call(wasi, instance)
  return instance
}

function startNow(wasi: Awaited<ReturnType<typeof makeWasi>>, instance: WasmInstance): void {
  // Without a memory node:wasi does not start the guest, whose functions of WASI cannot work.
  if (memory !== undefined) wasi.start(instance)
  else (instance.exports._start as () => void)()
}

function endOf(error: unknown): GuestEnd {
  if (error instanceof GuestExit) return {kind: 'exit', code: error.code}
  // Endless recursion is a RangeError of JavaScript.
  if (error instanceof WebAssembly.RuntimeError || error instanceof RangeError) {
    return {kind: 'trap', message: error.message}
  }
  return {kind: 'failure', message: error instanceof Error ? (error.stack ?? error.message) : String(error)}
}
