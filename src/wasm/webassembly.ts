/** The parts of JavaScript's WebAssembly interface that this folder uses. Node's types do not declare it. */
interface WebAssemblyInterface {
  Memory: new (limits: {initial: number; maximum?: number}) => WasmMemory
  Instance: new (module: WasmModule, imports: WasmImports) => WasmInstance
  Module: {
    new (bytes: Uint8Array): WasmModule
    imports(module: WasmModule): {module: string; name: string; kind: string}[]
    exports(module: WasmModule): {name: string; kind: string}[]
  }
  RuntimeError: new (message: string) => Error
  compile(bytes: Uint8Array): Promise<WasmModule>
  instantiate(module: WasmModule, imports: WasmImports): Promise<WasmInstance>
  /** Makes an import whose promise suspends the guest. Absent before Node.js 24. */
  Suspending?: new (call: (...args: number[]) => Promise<number>) => object
  /** Makes an export that returns a promise, because its imports may suspend it. Absent before Node.js 24. */
  promising?: (call: (...args: number[]) => unknown) => (...args: number[]) => Promise<unknown>
}

/** A linear memory. It can grow between two calls, which replaces `buffer`. */
export interface WasmMemory {
  readonly buffer: ArrayBuffer | SharedArrayBuffer
  grow(pages: number): number
}

/** A compiled module, which another thread can have as well. */
export type WasmModule = object

export interface WasmInstance {
  readonly exports: Readonly<Record<string, unknown>>
}

export type WasmImports = Record<string, Record<string, unknown>>

export const WebAssembly = (globalThis as unknown as {WebAssembly: WebAssemblyInterface}).WebAssembly

/** Size of a page of a memory, in bytes. */
export const pageBytes = 65_536

/** Whether imports can suspend a guest (JavaScript promise integration). */
export function canSuspend(): boolean {
  return WebAssembly.Suspending !== undefined && WebAssembly.promising !== undefined
}

/** The exported memory; `undefined` if the guest exports none. */
export function memoryOf({exports}: WasmInstance): WasmMemory | undefined {
  const {memory} = exports
  return memory instanceof WebAssembly.Memory ? memory : undefined
}
