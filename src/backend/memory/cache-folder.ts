import {randomUUID} from 'node:crypto'
import {accessSync, constants} from 'node:fs'
import {lstat, readdir, statfs} from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import {removeState} from '../engine/state-files.js'

/** Where saved caches are, for all models of a backend. */
export interface CacheFolder {
  folder: string
  /** Whether it is kept when the backend ends. */
  durable: boolean
  /** What saved caches may have together, in bytes. */
  maxBytes: number
}

/** Linux keeps files below it in memory. */
const memoryFolder = '/dev/shm'
/** A memory folder smaller than this (containers often have 64 MiB) is left to others. */
const leastMemoryFolder = 1024 ** 3
const mostAutomaticBytes = 8 * 1024 ** 3

/**
 * Where caches go: into the state folder, where they outlive the process, or into a folder of this process alone, in memory where there
 * is such a file system. The name cannot be guessed; the engine makes the folder when it has something to save.
 *
 * @param maxMb `max_cache_mb`; `auto` is an eighth of the machine's memory, at most 8 GiB, and half of what is free there
 */
export async function cacheFolder(stateDir: string | undefined, maxMb: number | 'auto'): Promise<CacheFolder> {
  const durable = stateDir !== undefined
  const parent = stateDir ?? ((await isRoomy(memoryFolder)) ? memoryFolder : os.tmpdir())
  const folder = path.join(parent, durable ? 'caches' : `wnn-caches-${process.pid}-${randomUUID()}`)
  if (maxMb !== 'auto') return {folder, durable, maxBytes: maxMb * 1024 ** 2}
  const memory = Math.min(os.totalmem(), process.constrainedMemory() || Infinity)
  return {
    folder,
    durable,
    maxBytes: Math.floor(Math.min(mostAutomaticBytes, memory / 8, (await freeBytes(parent)) / 2)),
  }
}

/** Parents that folders of ended processes may be in. */
export function temporaryParents(): string[] {
  return [...new Set([os.tmpdir(), memoryFolder])]
}

async function isRoomy(folder: string): Promise<boolean> {
  try {
    accessSync(folder, constants.W_OK)
    return (await freeBytes(folder)) >= leastMemoryFolder
  } catch (error) {
    if (['ENOENT', 'EACCES', 'EPERM', 'EROFS'].includes((error as NodeJS.ErrnoException).code ?? '')) return false
    throw error
  }
}

async function freeBytes(folder: string): Promise<number> {
  const {bavail, bsize} = await statfs(folder)
  return bavail * bsize
}

/**
 * Removes from a kept folder what is older than allowed, and the oldest files beyond the size allowed: also of models that nobody
 * loads any more, which no engine reports.
 */
export async function pruneCaches({folder, maxBytes}: CacheFolder, maxAgeMs: number, now = Date.now()): Promise<void> {
  const files = await findFiles(folder)
  let bytes = 0
  for (const {file, size, mtimeMs} of files.sort((a, b) => b.mtimeMs - a.mtimeMs)) {
    bytes += size
    if (now - mtimeMs < maxAgeMs && bytes <= maxBytes) continue
    await removeState(file)
  }
}

/** Saved caches in a folder and those below it. Links are left alone: what they lead to is not this program's. */
async function findFiles(folder: string): Promise<{file: string; size: number; mtimeMs: number}[]> {
  const entries = await readdir(folder, {withFileTypes: true}).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  })
  const found = entries.map(async (entry) => {
    const file = path.join(folder, entry.name)
    if (entry.isDirectory()) return findFiles(file)
    if (!entry.isFile() || !entry.name.endsWith('.kv')) return []
    const {size, mtimeMs} = await lstat(file)
    return [{file, size, mtimeMs}]
  })
  return (await Promise.all(found)).flat()
}
