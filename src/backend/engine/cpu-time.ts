import {readFileSync} from 'node:fs'

export interface CpuTime {
  /** What all threads of the process have computed so far, in the system's clock ticks (10 ms as a rule). */
  ticks: number
  /** Whether its main thread waits for a disk, and cannot be ended before that has answered either. */
  waitsForDisk: boolean
}

/** What a process has computed, from proc(5); `undefined` where the system does not tell, and of one that has gone. */
export function cpuTime(pid: number): CpuTime | undefined {
  let stat: string
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  } catch {
    return undefined
  }
  // The second field is the program's name in parentheses, whatever that has in it.
  const [state, ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return {ticks: Number(rest[10]) + Number(rest[11]), waitsForDisk: state === 'D'}
}
