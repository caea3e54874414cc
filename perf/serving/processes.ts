import {readdirSync, readFileSync} from 'node:fs'

/** What a process and all its descendants use. */
export interface Usage {
  /** User and system time, including threads that have ended. */
  cpuMs: number
  /** Resident memory. */
  rssBytes: number
}

/** USER_HZ, which is 100 on all common Linux platforms. */
const ticksPerSecond = 100
const pageBytes = 4096

interface Stat {
  pid: number
  parent: number
  cpuMs: number
  rssBytes: number
}

/** The process and its descendants. Reads /proc: Linux only. */
export function processTree(root: number): number[] {
  return treeOf(root).map(({pid}) => pid)
}

/** Synchronous, so that the figures belong to the moment of the call. */
export function usageOf(root: number): Usage {
  const tree = treeOf(root)
  return {
    cpuMs: tree.reduce((sum, {cpuMs}) => sum + cpuMs, 0),
    rssBytes: tree.reduce((sum, {rssBytes}) => sum + rssBytes, 0),
  }
}

function treeOf(root: number): Stat[] {
  const all = readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? readStat(Number(name)) : []))
  const tree = all.filter(({pid}) => pid === root)
  // The list grows while it is walked.
  for (const {pid} of tree) tree.push(...all.filter(({parent}) => parent === pid))
  return tree
}

/** Empty if the process has ended meanwhile. */
function readStat(pid: number): Stat[] {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name in brackets may hold spaces. The third field, the state, follows it.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    const field = (number: number): number => Number(fields[number - 3])
    return [
      {
        pid,
        parent: field(4),
        cpuMs: ((field(14) + field(15)) * 1000) / ticksPerSecond,
        rssBytes: field(24) * pageBytes,
      },
    ]
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return []
    throw error
  }
}
