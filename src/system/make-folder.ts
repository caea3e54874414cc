import {existsSync, mkdirSync} from 'node:fs'
import path from 'node:path'

/**
 * Makes a folder and those above it that are missing. Step by step: below a folder that takes no entries (`/proc`),
 * Node's recursive `mkdir` never returns.
 *
 * @param mode Permissions of the folders that are made; those that exist keep theirs.
 */
export function makeFolder(folder: string, mode?: number): void {
  if (existsSync(folder)) return
  makeFolder(path.dirname(folder), mode)
  mkdirSync(folder, mode)
}
