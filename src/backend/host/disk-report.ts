import {statSync} from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import {toNnError} from '../../errors.js'
import {realClock, type Clock} from '../../system/clock.js'
import {inspectFolder, type FolderSpace} from '../../system/writable-folder.js'
import type {DiskStatus} from '../contract/status.js'

/** A look writes a file, and `wnn status --watch` asks every second. */
const everyMs = 10_000

/** The folders that a backend writes to, by their use. */
export type WrittenFolders = Partial<Record<DiskStatus['use'], string>>

/** What the disks have room for, looked at now and then. */
export class DiskReport {
  private found: Promise<DiskStatus[]> | undefined
  private foundAt = -Infinity

  constructor(
    private readonly folders: WrittenFolders,
    private readonly inspect: (folder: string) => Promise<FolderSpace> = inspectFolder,
    private readonly clock: Clock = realClock,
  ) {}

  look(): Promise<DiskStatus[]> {
    const now = this.clock.now()
    if (this.found === undefined || now - this.foundAt >= everyMs) {
      this.foundAt = now
      this.found = Promise.all(
        Object.entries(this.folders).map(([use, folder]) => this.lookAt(use as DiskStatus['use'], folder)),
      )
    }
    return this.found
  }

  private async lookAt(use: DiskStatus['use'], folder: string): Promise<DiskStatus> {
    try {
      return {use, ...(await this.inspect(folder))}
    } catch (error) {
      return {use, path: folder, free_bytes: 0, free_inodes: null, problem: toNnError(error).message}
    }
  }
}

/** @param logFile `logging.file`; empty for none */
export function writtenFolders(state: string | undefined, caches: string | undefined, logFile: string): WrittenFolders {
  return {
    ...(state !== undefined && {state}),
    ...(caches !== undefined && {caches}),
    ...(isPlainFile(logFile) && {log: path.dirname(path.resolve(logFile))}),
    temporary: os.tmpdir(),
  }
}

/** Beside a terminal or a pipe there is nothing to write. */
function isPlainFile(file: string): boolean {
  return file !== '' && (statSync(file, {throwIfNoEntry: false})?.isFile() ?? false)
}
