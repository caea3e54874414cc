import {GuestMemory} from '../abi/memory.js'
import type {ImportBody} from '../bridge/bridge.js'
import type {WasmMemory} from '../webassembly.js'
import {wasiErrno} from './wasi-functions.js'

/** A function of WASI, with 32-bit arguments. */
export type WasiFunction = (...args: number[]) => number

/** Functions that would change a standard file of this process, or would read and write it past the host. */
const forbidden = {
  fd_allocate: wasiErrno.notSupported,
  fd_fdstat_set_flags: wasiErrno.notSupported,
  fd_filestat_set_size: wasiErrno.notSupported,
  fd_filestat_set_times: wasiErrno.notSupported,
  fd_pread: wasiErrno.noSeek,
  fd_pwrite: wasiErrno.noSeek,
  fd_seek: wasiErrno.noSeek,
  fd_tell: wasiErrno.noSeek,
} as const

/** Of the functions that work on open files, those with an own way for standard input, output and error. */
export type FileFunctions = Record<
  'fd_read' | 'fd_write' | 'fd_close' | 'fd_renumber' | keyof typeof forbidden,
  WasiFunction
>

/** Most that one call reads of standard input. */
const longestRead = 1 << 20

/**
 * Standard input, output and error of a guest. node:wasi would block the thread in the system, where it cannot be
 * ended, and would write past the answers that the host streams. Other files stay with node:wasi.
 */
export function standardFiles(others: FileFunctions, memory: () => WasmMemory | undefined) {
  const closed = new Set<number>()

  const write: ImportBody = (fd = 0, vectors = 0, count = 0, writtenAt = 0) => {
    if (fd !== 1 && fd !== 2) return isStandard(fd) ? wasiErrno.badFile : others.fd_write(fd, vectors, count, writtenAt)
    if (closed.has(fd)) return wasiErrno.badFile
    return orFault(memory, (guest) => {
      guest.check('written', writtenAt >>> 0, 4)
      const bytes = Buffer.concat(
        readVectors(guest, vectors >>> 0, count >>> 0).map((one) => guest.readBytes('data', ...one)),
      )
      return {
        request: {kind: 'write', fd, bytes},
        finish: () => done(() => guest.writeU32('written', writtenAt >>> 0, bytes.length)),
      }
    })
  }

  const read: ImportBody = (fd = 0, vectors = 0, count = 0, readAt = 0) => {
    if (fd !== 0) return isStandard(fd) ? wasiErrno.badFile : others.fd_read(fd, vectors, count, readAt)
    if (closed.has(fd)) return wasiErrno.badFile
    return orFault(memory, (guest) => {
      guest.check('read', readAt >>> 0, 4)
      const places = readVectors(guest, vectors >>> 0, count >>> 0)
      for (const [address, length] of places) guest.check('buffer', address, length)
      const room = places.reduce((sum, [, length]) => sum + length, 0)
      return {
        request: {kind: 'read', size: Math.min(room, longestRead)},
        finish: (reply) =>
          done(() => {
            if (reply.kind !== 'read') throw new Error(`Expected bytes, not ${reply.kind}.`)
            scatter(guest, places, reply.bytes)
            guest.writeU32('read', readAt >>> 0, reply.bytes.length)
          }),
      }
    })
  }

  const close: WasiFunction = (fd = 0) => {
    if (!isStandard(fd)) return others.fd_close(fd)
    if (closed.has(fd)) return wasiErrno.badFile
    // node:wasi would close the file of this process.
    closed.add(fd)
    return wasiErrno.success
  }

  const renumber: WasiFunction = (from = 0, to = 0) =>
    isStandard(from) || isStandard(to) ? wasiErrno.notSupported : others.fd_renumber(from, to)

  return {write, read, close, renumber, others: withoutStandard(others)}
}

/** The forbidden functions, which fail for the standard files. */
function withoutStandard(others: FileFunctions): Record<string, WasiFunction> {
  const entries = Object.entries(forbidden).map(([name, errno]): [string, WasiFunction] => [
    name,
    (fd = 0, ...args) => (isStandard(fd) ? errno : others[name as keyof typeof forbidden](fd, ...args)),
  ])
  return Object.fromEntries(entries)
}

function isStandard(fd: number): boolean {
  return fd >= 0 && fd <= 2
}

/** Pairs of address and length. Their count is limited by the memory, because each has 8 bytes in it. */
function readVectors(guest: GuestMemory, address: number, count: number): [address: number, length: number][] {
  guest.check('vectors', address, count * 8)
  const vectors: [number, number][] = []
  let sum = 0
  for (let at = address; at < address + count * 8; at += 8) {
    const length = guest.readU32('vector', at + 4)
    // Empty vectors may have any address.
    if (length > 0) vectors.push([guest.readU32('vector', at), length])
    sum += length
    if (sum > guest.size) throw new RangeError('The vectors have more bytes than the memory.')
  }
  return vectors
}

function scatter(guest: GuestMemory, places: readonly [address: number, length: number][], bytes: Uint8Array): void {
  let from = 0
  for (const [address, length] of places) {
    const part = bytes.subarray(from, from + length)
    if (part.length > 0) guest.writeBytes('buffer', address, part)
    from += part.length
  }
}

/** Addresses outside of the memory are an errno of WASI. */
function orFault<Result>(memory: () => WasmMemory | undefined, work: (guest: GuestMemory) => Result): Result | number {
  const own = memory()
  if (own === undefined) return wasiErrno.fault
  try {
    return work(new GuestMemory(own))
  } catch {
    return wasiErrno.fault
  }
}

function done(write: () => void): number {
  write()
  return wasiErrno.success
}
