import type {BackendStatus, DiskStatus} from '../../backend/contract/status.js'
import {bytes} from '../../terminal/units.js'
import type {Finding} from './finding.js'

/** With less than this, in bytes, a disk is nearly full. */
const littleSpace = 64 * 1024 ** 2
const fewInodes = 100

/** What is written to a folder, and what happens when that fails. */
const uses: Readonly<Record<DiskStatus['use'], [what: string, otherwise: string]>> = {
  state: ['Histories of sessions', 'use another --state-dir'],
  caches: ['Saved caches', 'lower memory.max_cache_mb'],
  log: ['Lines of the log', 'set logging.file to another disk'],
  temporary: ['Temporary files', 'set TMPDIR to another folder'],
}

export function explainDisks({memory}: BackendStatus): Finding[] {
  return memory.disks.flatMap((disk) => explainDisk(disk))
}

function explainDisk({use, path, free_bytes: free, free_inodes: inodes, problem}: DiskStatus): Finding[] {
  const [what, otherwise] = uses[use]
  const room = `${bytes(free)} are free${inodes === null ? '' : `, and ${inodes} inodes`}`
  if (problem !== null) {
    const isAllowed = !/permi|read-only/.test(problem)
    const fix = isAllowed ? `Free some space there, or ${otherwise}.` : `Let this user write there, or ${otherwise}.`
    return [{level: 'problem', text: `${what} cannot be written to ${path}: ${problem} (${room}).`, fix}]
  }
  if (free >= littleSpace && (inodes === null || inodes >= fewInodes)) return []
  return [
    {level: 'hint', text: `The disk of ${path} is nearly full: ${room}.`, fix: `Free some space, or ${otherwise}.`},
  ]
}
