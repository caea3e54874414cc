import {fstatSync, readdirSync, statSync, type BigIntStats} from 'node:fs'
import {NnError} from '../errors.js'

/**
 * Rejects a named pipe as a place to write a report: opening it would wait for a reader, and what checks it before a long
 * run would end its reader. Pipes that this process has open already work: `/dev/stdout`, `>(…)` of a shell.
 *
 * @param what names the file in the message
 * @throws `invalid_argument`
 */
export function rejectNamedPipe(what: string, file: string): void {
  const found = statSync(file, {bigint: true, throwIfNoEntry: false})
  if (found?.isFIFO() !== true || isOpenHere(found)) return
  throw new NnError('invalid_argument', `${what} is a named pipe.`, {
    hint: 'Write to a file, or to standard output and pipe that.',
  })
}

function isOpenHere(found: BigIntStats): boolean {
  return readdirSync('/dev/fd').some((descriptor) => {
    const open = statsOf(Number(descriptor))
    return open?.ino === found.ino && open.dev === found.dev
  })
}

/** The descriptor of the folder itself is closed by now. */
function statsOf(descriptor: number): BigIntStats | undefined {
  try {
    return fstatSync(descriptor, {bigint: true})
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EBADF') return undefined
    throw error
  }
}
