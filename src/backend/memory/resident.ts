import {readFile} from 'node:fs/promises'

/** Resident memory of another process in bytes; 0 if the system does not report it or the process has ended. */
export function residentBytes(pid: number): Promise<number> {
  return readField(pid, 'VmRSS')
}

/** The part of it that is only freed when the process ends: without mapped files. */
export function anonymousBytes(pid: number): Promise<number> {
  return readField(pid, 'RssAnon')
}

async function readField(pid: number, name: string): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1] ?? 0) * 1024
}
