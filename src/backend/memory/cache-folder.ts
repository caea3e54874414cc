import {randomUUID} from 'node:crypto'
import {accessSync, constants} from 'node:fs'
import {lstat, readdir, statfs} from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import {removeState} from '../engine/state-files.js'

/** The folder of saved caches, for all models of a backend. */
export interface CacheFolder {
  folder: string
  /** Whether it outlives the backend. */
  durable: boolean
  /** Maximum size of all saved caches, in bytes. */
  maxBytes: number
}

/** On Linux, files in it are in memory. */
const memoryFolder = '/dev/shm'
/** A memory file system smaller than this is not used (containers often have 64 MiB). */
const leastMemoryFolder = 1024 ** 3
const mostAutomaticBytes = 8 * 1024 ** 3

/**
 * The folder for caches: in the state folder, where they outlive the process, or a private folder of this process, in
 * memory if there is such a file system. Its name cannot be guessed. The engine creates it when it saves the first
 * cache.
 *
 * @param maxMb `max_cache_mb`; `auto` is an eighth of the machine's memory, at most 8 GiB, and half of what is free
 * there
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

/** Parent folders that may have folders of ended processes. */
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
 * Removes files from a kept folder that are too old, and the oldest files above the size limit. This includes models
 * that are no longer loaded, which no engine reports.
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

/**
 * Saved caches in a folder and its subfolders. Links are not followed, because their targets do not belong to this
 * program.
 */
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
