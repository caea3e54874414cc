import {NnError} from '../errors.js'
import {nnFunctions, nnModule} from './abi/messages.js'
import {asyncFunctions} from './bridge/suspending.js'
import {GuestHost, type GuestHostOptions} from './host/guest-host.js'
import type {NnBackend} from './host/nn-backend.js'
import {memoryOf, WebAssembly, type WasmInstance, type WasmMemory} from './webassembly.js'

/** WASI-NN for one instance of a module. Disposing it releases what the instance loaded. */
export interface WasiNN extends AsyncDisposable {
  /** For the import object of `WebAssembly.instantiate`, beside those of WASI or your own. */
  imports: Record<string, Record<string, unknown>>
  /** Connects the memory of the instance, which must be exported as `memory`. Before the first call. */
  initialize(instance: WasmInstance): void
  /**
   * Calls an exported function of the instance. While one of its WASI-NN calls runs, the instance is suspended and the
   * thread does other work.
   */
  call(name: string, ...args: number[]): Promise<unknown>
}

/**
 * WASI-NN on a backend, for your own WebAssembly code on this thread. Needs a JavaScript that can suspend WebAssembly
 * (JSPI), such as Node.js 24; `runGuest` needs none.
 *
 * @throws `unsupported_operation` without JSPI.
 */
export function createWasiNN(backend: NnBackend, options: GuestHostOptions = {}): WasiNN {
  const {Suspending, promising} = WebAssembly
  if (Suspending === undefined || promising === undefined) {
    throw new NnError('unsupported_operation', 'This JavaScript cannot suspend WebAssembly (JSPI).', {
      hint: 'Use Node.js 24 or newer, or runGuest, which runs a program in a thread of its own.',
    })
  }
  const host = new GuestHost(backend, options)
  let memory: WasmMemory | undefined
  let connected: WasmInstance | undefined
  const functions = asyncFunctions(
    (request) => host.handle(request),
    () => memory,
  )
  const imports = Object.fromEntries(nnFunctions.map((name) => [name, new Suspending(functions[name])]))
  return {
    imports: {[nnModule]: imports},
    initialize(instance) {
      connected = instance
      memory = memoryOf(instance)
    },
    call(name, ...args) {
      const exported = connected?.exports[name]
      if (typeof exported === 'function') return promising(exported as (...args: number[]) => unknown)(...args)
      const why = connected === undefined ? 'Call initialize first.' : `The instance has no function ${name}.`
      return Promise.reject(new NnError('invalid_argument', why))
    },
    [Symbol.asyncDispose]: () => host.dispose(),
  }
}
