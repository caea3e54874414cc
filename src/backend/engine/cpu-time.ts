import {readFileSync} from 'node:fs'

export interface CpuTime {
  /** CPU time of all threads of the process, in clock ticks (usually 10 ms). */
  ticks: number
  /** Whether its main thread waits for a disk; it cannot be killed until the disk answers. */
  waitsForDisk: boolean
}

/** CPU time of a process, from proc(5); `undefined` if the system does not report it or the process has ended. */
export function cpuTime(pid: number): CpuTime | undefined {
  let stat: string
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  } catch {
    return undefined
  }
  // The second field is the program's name in parentheses, which may contain anything.
  const [state, ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return {ticks: Number(rest[10]) + Number(rest[11]), waitsForDisk: state === 'D'}
}
