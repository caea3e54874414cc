import {engineMark} from '../../src/backend/contract/status.js'
import {readdirSync, readFileSync} from 'node:fs'

/** Process ids of the engines that the process with this id has started, by default this one. */
export function enginesOf(parent: number = process.pid): number[] {
  return processes().filter((pid) => {
    const isChild = /^PPid:\s+(\d+)$/m.exec(read(pid, 'status'))?.[1] === String(parent)
    return isChild && read(pid, 'cmdline').includes(engineMark)
  })
}

/** Process ids of all processes that have this text in their environment. */
export function processesWith(environment: string): number[] {
  return processes().filter((pid) => read(pid, 'environ').includes(environment))
}

function processes(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
}

function read(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch (error) {
    // A process may end while it is looked at, or belong to somebody else.
    if (['ENOENT', 'ESRCH', 'EACCES'].includes((error as NodeJS.ErrnoException).code ?? '')) return ''
    throw error
  }
}
