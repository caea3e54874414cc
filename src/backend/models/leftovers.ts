import {readdir, rm, stat} from 'node:fs/promises'
import path from 'node:path'
import {temporaryParents} from '../memory/cache-folder.js'

/** Folders of models and saved caches, named after the process that made them. */
const temporaryFolder = /^wnn-(?:models|caches)-(\d+)-/
/** Younger ones may belong to a process that is not visible from here, for example in another container. */
const leastAgeMs = 3_600_000

/** Removes files in the temporary folder that killed processes of this user left. They may contain conversations. */
export async function removeLeftovers(folders = temporaryParents(), now = Date.now()): Promise<void> {
  for (const folder of folders) await removeFrom(folder, now)
}

async function removeFrom(folder: string, now: number): Promise<void> {
  for (const name of (await readdir(folder).catch(unlessHidden)) ?? []) {
    const pid = Number(temporaryFolder.exec(name)?.[1] ?? process.pid)
    if (pid === process.pid || isAlive(pid)) continue
    const found = await stat(path.join(folder, name)).catch(unlessHidden)
    if (found?.uid !== process.getuid?.() || now - (found?.mtimeMs ?? now) < leastAgeMs) continue
    await rm(path.join(folder, name), {recursive: true, force: true})
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}

/** Another process may be removing the same files, and unreadable ones belong to another user. */
function unlessHidden(error: unknown): undefined {
  if (['ENOENT', 'ENOTDIR', 'EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined
  throw error
}
