import {closeSync, openSync, readSync, rmSync} from 'node:fs'
import {randomUUID} from 'node:crypto'
import os from 'node:os'
import path from 'node:path'
import {decodeWork, mostNoteBytes, noWork, type Work} from '../work-note.js'

/** The file in which an engine notes what it works on. It has no name, so nobody else finds it, and it ends with its users. */
export class WorkFile {
  private constructor(readonly descriptor: number) {}

  /** `undefined` where there is no place for it: then it is not known what an engine worked on. */
  static create(): WorkFile | undefined {
    const file = path.join(os.tmpdir(), `wnn-work-${process.pid}-${randomUUID()}`)
    try {
      const descriptor = openSync(file, 'wx+', 0o600)
      rmSync(file)
      return new WorkFile(descriptor)
    } catch {
      // A full or read-only disk, or a system on which open files cannot be removed, costs this only.
      rmSync(file, {force: true})
      return undefined
    }
  }

  read(): Work {
    const bytes = new Uint8Array(mostNoteBytes)
    const length = readSync(this.descriptor, bytes, 0, bytes.length, 0)
    return length === 0 ? noWork : decodeWork(bytes.subarray(0, length))
  }

  close(): void {
    closeSync(this.descriptor)
  }
}
