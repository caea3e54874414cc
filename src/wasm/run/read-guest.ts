import {readFile} from 'node:fs/promises'
import {NnError, systemReason} from '../../errors.js'
import {nnFunctions, nnModule} from '../abi/messages.js'
import {wasiFunctions, wasiModule} from '../guest/wasi-functions.js'
import {WebAssembly, type WasmModule} from '../webassembly.js'
import {limitMemory} from './memory-limit.js'

const magic = '\0asm'
/** The version in the header of a core module, and of a component. */
const versions = {module: 0x01, component: 0x0001_000d}

/** A program that was checked and compiled. */
export interface Guest {
  module: WasmModule
  bytes: Uint8Array
  /** Limit of its memory, which the module has as its maximum. */
  limitBytes: number
}

/** Compiles a guest. @throws `invalid_argument` with what is wrong, or what the host does not have; `too_large`. */
export async function readGuest(file: string, limitBytes: number): Promise<Guest> {
  const bytes = await readFile(file).catch((error: unknown) => {
    throw new NnError('file_unusable', `The guest ${file} cannot be read: ${systemReason(error)}.`, {cause: error})
  })
  return compileGuest(bytes, limitBytes, file)
}

/** @param limitBytes limit of its memory */
export async function compileGuest(bytes: Uint8Array, limitBytes: number, name = 'The guest'): Promise<Guest> {
  checkHeader(bytes, name)
  const module = await compile(limitMemory(bytes, limitBytes), name)
  checkImports(module, name)
  const exported = WebAssembly.Module.exports(module)
  if (!exported.some((one) => one.name === '_start' && one.kind === 'function')) {
    throw new NnError('invalid_argument', `${name} has no function _start: it is a library and no program.`)
  }
  return {module, bytes, limitBytes}
}

function checkHeader(bytes: Uint8Array, name: string): void {
  const header = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(8, bytes.length))
  if (header.length < 8 || header.toString('latin1', 0, 4) !== magic) {
    throw new NnError('invalid_argument', `${name} is not a WebAssembly module.`)
  }
  const version = header.readUInt32LE(4)
  if (version === versions.component) {
    throw new NnError('unsupported_operation', `${name} is a component; only core modules can run.`, {
      hint: 'jco can transpile it (docs/reference/run.md).',
    })
  }
  if (version !== versions.module) {
    throw new NnError('invalid_argument', `${name} has version ${version} of WebAssembly; 1 is supported.`)
  }
}

async function compile(bytes: Uint8Array, name: string): Promise<WasmModule> {
  try {
    return await WebAssembly.compile(bytes)
  } catch (error) {
    throw new NnError('invalid_argument', `${name} cannot be compiled: ${(error as Error).message}`, {cause: error})
  }
}

function checkImports(module: WasmModule, name: string): void {
  const known: Record<string, ReadonlySet<string>> = {
    [nnModule]: new Set<string>(nnFunctions),
    [wasiModule]: new Set(wasiFunctions),
  }
  const unknown = WebAssembly.Module.imports(module).filter(
    (one) => one.kind !== 'function' || known[one.module]?.has(one.name) !== true,
  )
  if (unknown.length === 0) return
  const list = unknown.slice(0, 5).map((one) => `${one.module}.${one.name}`)
  const more = unknown.length > list.length ? ` and ${unknown.length - list.length} more` : ''
  throw new NnError('invalid_argument', `${name} imports what this host does not have: ${list.join(', ')}${more}.`, {
    hint: `Guests may import functions of ${Object.keys(known).join(' and ')}.`,
  })
}
