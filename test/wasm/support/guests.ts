import {Readable} from 'node:stream'
import wabt from 'wabt'
import type {NnBackend} from '../../../src/wasm/host/nn-backend.js'
import {compileGuest, runGuest, type GuestResult, type RunGuestOptions} from '../../../src/wasm/index.js'

/** A guest in WebAssembly's text format, with the functions of WASI that tests need and one page of memory. */
export async function wat(body: string, {memory = '1', imports = ''} = {}): Promise<Uint8Array> {
  const wasi = (name: string, parameters: string, result = '(result i32)'): string =>
    `(import "wasi_snapshot_preview1" "${name}" (func $${name} (param ${parameters}) ${result}))`
  const text = `(module
    ${wasi('fd_write', 'i32 i32 i32 i32')}
    ${wasi('fd_read', 'i32 i32 i32 i32')}
    ${wasi('fd_close', 'i32')}
    ${wasi('fd_renumber', 'i32 i32')}
    ${wasi('fd_pwrite', 'i32 i32 i32 i64 i32')}
    ${wasi('fd_filestat_set_size', 'i32 i64')}
    ${wasi('path_open', 'i32 i32 i32 i32 i32 i64 i64 i32 i32')}
    ${wasi('poll_oneoff', 'i32 i32 i32 i32')}
    ${wasi('proc_exit', 'i32', '')}
    ${wasi('proc_raise', 'i32')}
    ${imports}
    (memory (export "memory") ${memory})
    ;; An iovec at 0: 16 bytes at 1024; the count that was read or written is at 8.
    (data (i32.const 0) "\\00\\04\\00\\00\\10\\00\\00\\00")
    ${body})`
  const module = (await wabt()).parseWat('guest.wat', text, {threads: true})
  try {
    module.validate()
    return module.toBinary({}).buffer
  } finally {
    module.destroy()
  }
}

/** A guest whose program is this code. */
export const program = (code: string, options?: {memory?: string; imports?: string}): Promise<Uint8Array> =>
  wat(`(func (export "_start") ${code})`, options)

export interface Run {
  result: GuestResult
  stdout: string
  stderr: string
}

/** Runs a guest, and collects what it writes. */
export async function run(
  guest: Uint8Array,
  backend: NnBackend,
  {input = '', limitMb = 64, ...options}: {input?: string | Readable; limitMb?: number} & Partial<RunGuestOptions> = {},
): Promise<Run> {
  const written = {stdout: '', stderr: ''}
  const into = (name: 'stdout' | 'stderr') => ({
    write: (bytes: Uint8Array) => {
      written[name] += Buffer.from(bytes).toString()
      return Promise.resolve()
    },
  })
  const result = await runGuest({
    ...{backend, guest: await compileGuest(guest, limitMb * 1024 * 1024), args: ['guest.wasm']},
    ...{stdin: typeof input === 'string' ? Readable.from([Buffer.from(input)]) : input},
    ...{stdout: into('stdout'), stderr: into('stderr'), ...options},
  })
  return {result, ...written}
}
