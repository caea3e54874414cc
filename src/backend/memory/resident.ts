import {readFile} from 'node:fs/promises'

/** Resident memory of another process, in bytes; 0 where the system does not tell, or when it has just gone. */
export function residentBytes(pid: number): Promise<number> {
  return readField(pid, 'VmRSS')
}

/** The part of it that is free only when the process ends: without files that it has mapped. */
export function anonymousBytes(pid: number): Promise<number> {
  return readField(pid, 'RssAnon')
}

async function readField(pid: number, name: string): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1] ?? 0) * 1024
}
