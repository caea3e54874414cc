import {closeSync, existsSync, openSync, rmSync, writeSync} from 'node:fs'
import {statfs} from 'node:fs/promises'
import {randomUUID} from 'node:crypto'
import path from 'node:path'
import {systemReason} from '../errors.js'

/** What a folder has room for. */
export interface FolderSpace {
  /** The folder, or the nearest one above it that exists. */
  path: string
  free_bytes: number
  /** `null` where the file system does not count them. */
  free_inodes: number | null
  /** Why nothing can be written, as the end of a sentence; `null` if something can. */
  problem: string | null
}

/** A block of most file systems. */
const probeBytes = 4096

/** Looks whether a file can be written there, by writing one: permissions and free space alone do not show quotas. */
export async function inspectFolder(folder: string, write = writeSync): Promise<FolderSpace> {
  const existing = nearest(path.resolve(folder))
  const {bavail, bsize, files, ffree} = await statfs(existing)
  const hasInodes = files > 0
  const problem = tryToWrite(existing, write)
  return {
    path: existing,
    free_bytes: bavail * bsize,
    free_inodes: hasInodes ? ffree : null,
    problem: problem !== null && hasInodes && ffree === 0 ? 'the file system has no inodes left' : problem,
  }
}

function nearest(folder: string): string {
  return existsSync(folder) ? folder : nearest(path.dirname(folder))
}

function tryToWrite(folder: string, write: typeof writeSync): string | null {
  const file = path.join(folder, `.wnn-probe-${randomUUID()}`)
  try {
    const descriptor = openSync(file, 'wx', 0o600)
    try {
      write(descriptor, Buffer.alloc(probeBytes))
    } finally {
      closeSync(descriptor)
      rmSync(file)
    }
    return null
  } catch (error) {
    return systemReason(error)
  }
}
