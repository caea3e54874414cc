import path from 'node:path'

/** Where a daemon in the background writes what it would tell on a terminal. */
export function logFile(socket: string): string {
  const {dir, name} = path.parse(socket)
  return path.join(dir, `${name}.log`)
}
