import {readdirSync, readFileSync} from 'node:fs'

/** Process ids of engines that belong to the process with this id, by default this one. */
export function enginesOf(parent: number = process.pid): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => isEngineOf(pid, parent))
}

/** Process ids of all engines on this machine, whoever started them. */
export function allEngines(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => commandOf(pid).includes('backend/engine/main'))
}

function isEngineOf(pid: number, parent: number): boolean {
  if (!commandOf(pid).includes('backend/engine/main')) return false
  try {
    return /^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] === String(parent)
  } catch (error) {
    return gone(error, false)
  }
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
  } catch (error) {
    return gone(error, '')
  }
}

/** A process may end while it is looked at. */
function gone<T>(error: unknown, value: T): T {
  const {code} = error as NodeJS.ErrnoException
  if (code === 'ENOENT' || code === 'ESRCH') return value
  throw error
}
