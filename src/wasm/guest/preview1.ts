import type {WASI} from 'node:wasi'
import type {Bridge} from '../bridge/bridge.js'
import type {ThreadStart} from '../bridge/protocol.js'
import type {WasmMemory} from '../webassembly.js'
import {pollOneoff} from './poll.js'
import {wasiErrno} from './wasi-functions.js'
import {standardFiles, type FileFunctions} from './standard-files.js'

/** Exit codes of programs that a signal ended begin here. */
const signalled = 128

/** Thrown through the guest by `proc_exit` and `proc_raise`. */
export class GuestExit extends Error {
  override readonly name = 'GuestExit'

  constructor(readonly code: number) {
    super(`The guest exits with code ${code}.`)
  }
}

/**
 * No guest has a socket, and node:wasi crashes when a standard file is taken for one. A link that a guest makes could lead out
 * of its folders: node:wasi checks only its text, not where it leads.
 */
const withheld = {
  ...Object.fromEntries(
    ['sock_accept', 'sock_recv', 'sock_send', 'sock_shutdown'].map((name) => [name, () => wasiErrno.notSupported]),
  ),
  path_symlink: () => wasiErrno.notCapable,
}

/** The imports of WASI preview 1: node:wasi's for folders, clocks and random numbers, own ones for what blocks. */
export function preview1(wasi: WASI, bridge: Bridge, memory: () => WasmMemory | undefined): Record<string, unknown> {
  const others = wasi.wasiImport as unknown as FileFunctions
  const {write, read, close, renumber, others: safe} = standardFiles(others, memory)
  return {
    ...(wasi.wasiImport as Record<string, unknown>),
    ...safe,
    ...withheld,
    fd_write: bridge.wrap(write),
    fd_read: bridge.wrap(read),
    fd_close: close,
    fd_renumber: renumber,
    poll_oneoff: bridge.wrap(pollOneoff(memory)),
    // node:wasi's own would be unknown to a guest that was suspended.
    proc_exit: (code: number) => {
      throw new GuestExit(code)
    },
    // node:wasi would send the signal to this process.
    proc_raise: (signal: number) => {
      throw new GuestExit(signalled + signal)
    },
  }
}

/** node:wasi for these arguments, variables and folders. Only its warning of being experimental is left out. */
export async function makeWasi({args, env, folders}: ThreadStart): Promise<WASI> {
  const emitWarning = process.emitWarning.bind(process)
  process.emitWarning = (warning: string | Error, ...how: unknown[]): void => {
    if (/\bWASI\b/.test(String(warning))) return
    Reflect.apply(emitWarning, undefined, [warning, ...how])
  }
  try {
    const {WASI} = await import('node:wasi')
    return new WASI({version: 'preview1', args, env, preopens: folders, returnOnExit: true})
  } finally {
    process.emitWarning = emitWarning
  }
}
