import {
  closeSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import path from 'node:path'

/** Writes some or all of the bytes, as `writeSync` does. */
export type Write = (descriptor: number, bytes: Uint8Array) => number

/**
 * A file that grows by complete pieces: a piece that cannot be written is removed completely. Only this process uses
 * the file, and data is in the kernel when a call returns.
 */
export class AppendFile {
  private descriptor: number
  /** Number of valid bytes. */
  bytes: number
  /** Whether invalid bytes may follow them. */
  private isTorn = false

  /** Opens an existing file and truncates it to `bytes`. Throws system errors. */
  constructor(
    readonly file: string,
    bytes: number,
    private readonly write: Write = writeSync,
  ) {
    this.descriptor = openSync(file, 'a')
    this.bytes = bytes
    this.isTorn = fstatSync(this.descriptor).size > bytes
    this.mend()
  }

  /** Throws the system's error when the piece cannot be written; it is as if it had never been. */
  append(piece: string): void {
    // What an earlier failure has left would glue itself to this piece.
    this.mend()
    const bytes = Buffer.from(piece)
    this.isTorn = true
    try {
      writeAll(this.descriptor, bytes, this.write)
    } catch (error) {
      this.tryToMend()
      throw error
    }
    this.isTorn = false
    this.bytes += bytes.length
  }

  /**
   * What somebody else did to the file, as the end of a sentence about it; `undefined` if it is as this process left it.
   * A row that is appended after a rename or behind a link that leads elsewhere now would not be where people look.
   *
   * @param name the name that must lead to the file
   */
  changed(name = this.file): string | undefined {
    const own = fstatSync(this.descriptor, {bigint: true})
    const found = statSync(name, {bigint: true, throwIfNoEntry: false})
    if (found === undefined) return 'was deleted or renamed'
    if (found.ino !== own.ino || found.dev !== own.dev) return 'was replaced by another file'
    if (this.isTorn || own.size === BigInt(this.bytes)) return undefined
    return `was changed by another program: it has ${own.size} bytes instead of ${this.bytes}`
  }

  /** Puts other contents in the file's place, at once or not at all; who may read it stays as it was. Throws the system's errors. */
  replace(pieces: Iterable<string>): void {
    const {descriptor, bytes} = writeNew(this.file, pieces, this.write, fstatSync(this.descriptor).mode & 0o777)
    closeSync(this.descriptor)
    this.descriptor = descriptor
    this.bytes = bytes
    this.isTorn = false
    syncFolder(path.dirname(this.file))
  }

  /** Waits until the disk has what the kernel has. */
  close(): void {
    try {
      fsyncSync(this.descriptor)
    } finally {
      closeSync(this.descriptor)
    }
  }

  private mend(): void {
    if (this.isTorn) ftruncateSync(this.descriptor, this.bytes)
    this.isTorn = false
  }

  /** Where this fails, the next piece begins with it, or a process that opens the file after this one. */
  private tryToMend(): void {
    try {
      this.mend()
    } catch {
      this.isTorn = true
    }
  }
}

/** Makes a file, readable by its owner only, that has all of its contents or does not exist. Throws the system's errors. */
export function createFile(file: string, contents: string, write: Write = writeSync): void {
  closeSync(writeNew(file, [contents], write).descriptor)
  syncFolder(path.dirname(file))
}

/** Name of a file that is being written, to take the place of another. */
export function draftOf(file: string): string {
  return `${file}.new`
}

/** Gives the new file, open for appending. On the disk before it gets its name: a loss of power finds one or the other. */
function writeNew(
  file: string,
  pieces: Iterable<string>,
  write: Write,
  mode = 0o600,
): {descriptor: number; bytes: number} {
  const draft = draftOf(file)
  rmSync(draft, {force: true})
  const descriptor = openSync(draft, 'ax', mode)
  try {
    for (const piece of pieces) writeAll(descriptor, Buffer.from(piece), write)
    fsyncSync(descriptor)
    const {size: bytes} = fstatSync(descriptor)
    // The last call that may fail: after a failure the caller continues with the old file.
    renameSync(draft, file)
    return {descriptor, bytes}
  } catch (error) {
    closeSync(descriptor)
    rmSync(draft, {force: true})
    throw error
  }
}

function writeAll(descriptor: number, bytes: Uint8Array, write: Write): void {
  for (let at = 0; at < bytes.length;) at += write(descriptor, bytes.subarray(at))
}

function syncFolder(folder: string): void {
  const descriptor = openSync(folder, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}
