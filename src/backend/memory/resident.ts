import {readFile} from 'node:fs/promises'

/** Resident memory of another process, in bytes; 0 where the system does not tell, or when it has just gone. */
export async function residentBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024
}
