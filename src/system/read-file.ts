import {closeSync, constants, fstatSync, openSync, readSync} from 'node:fs'
import {NnError} from '../errors.js'

/** How long a pipe that nobody writes into is waited for. */
const silentMs = 3000
/** How many times longer a program that has the pipe open may say nothing. */
const writerPatience = 9
/** How long one may send altogether; nothing else happens in this process meanwhile. */
const longestMs = 30_000
const pollMs = 10
const chunkBytes = 1 << 16

/**
 * The bytes of a file that somebody names: a configuration, a template, a key. A pipe works too (`<(…)`, `/dev/stdin`), but
 * one that sends nothing is an error, because opening or reading it would wait for ever. So is a device without an end.
 *
 * @param what names the file in messages
 * @param patienceMs how long to wait for a writer; nine times as long for what it writes
 * @throws `file_unusable` for more than `maxBytes`, and for a pipe that nobody writes into for 3 s, a writer that says
 * nothing for 27 s, and one that takes longer than 30 s; system errors for a file that cannot be read
 */
export function readBounded(file: string, maxBytes: number, what = file, patienceMs = silentMs): Buffer {
  // Opening a pipe would wait for its other end.
  const descriptor = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    const stats = fstatSync(descriptor)
    if (stats.size > maxBytes) throw tooLarge(what, maxBytes, stats.size)
    const isPipe = stats.isFIFO() || stats.isSocket()
    return readAll(descriptor, {what, maxBytes, isPipe, patienceMs})
  } finally {
    closeSync(descriptor)
  }
}

interface Source {
  what: string
  maxBytes: number
  /** Whether an empty read at the start only means that nobody writes yet. */
  isPipe: boolean
  patienceMs: number
}

function readAll(descriptor: number, {what, maxBytes, isPipe, patienceMs}: Source): Buffer {
  const chunks: Buffer[] = []
  let bytes = 0
  const start = performance.now()
  let heardAt = start
  for (;;) {
    const chunk = readSome(descriptor)
    const isWaiting = chunk === undefined || (chunk.length === 0 && isPipe && bytes === 0)
    const now = performance.now()
    if (now - start > longestMs) throw tooSlow(what, `is not at its end after ${longestMs / 1000} s`)
    if (isWaiting) {
      // A program that has the pipe open may still be working; a pipe that nobody has open stays empty.
      const patience = chunk === undefined ? writerPatience * patienceMs : patienceMs
      if (now - heardAt > patience) throw tooSlow(what, `sent nothing for ${patience / 1000} s`)
      sleep(pollMs)
      continue
    }
    if (chunk.length === 0) return Buffer.concat(chunks)
    heardAt = now
    bytes += chunk.length
    if (bytes > maxBytes) throw tooLarge(what, maxBytes)
    chunks.push(chunk)
  }
}

/** `undefined` if the other end has not written yet. */
function readSome(descriptor: number): Buffer | undefined {
  const chunk = Buffer.allocUnsafe(chunkBytes)
  try {
    return chunk.subarray(0, readSync(descriptor, chunk))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return undefined
    throw error
  }
}

function sleep(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
}

function tooLarge(what: string, most: number, bytes?: number): NnError {
  const size = bytes === undefined ? 'more' : `${bytes} bytes`
  return new NnError('file_unusable', `${what} is too large: it has ${size}, at most ${most} bytes are allowed.`)
}

function tooSlow(what: string, happened: string): NnError {
  return new NnError('file_unusable', `${what} ${happened}.`, {
    hint: 'Name a regular file, or a pipe that a program writes into and closes.',
  })
}
