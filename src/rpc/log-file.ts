import path from 'node:path'

/** The file for messages of a daemon in the background. */
export function logFile(socket: string): string {
  const {dir, name} = path.parse(socket)
  return path.join(dir, `${name}.log`)
}
