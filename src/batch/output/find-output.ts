import {existsSync, realpathSync, statSync, type Stats} from 'node:fs'
import path from 'node:path'
import {NnError, systemReason} from '../../errors.js'
import {recordPath} from './record-of-run.js'

/** Path of the socket that locks out other batches. */
export function lockPath(output: string): string {
  return `${output}.lock`
}

/**
 * The real output file, which has one lock regardless of the name used, and its contents.
 * @throws `invalid_argument` if it is not a regular file or its folder does not exist.
 */
export function findOutput(name: string): {file: string; found: Stats | undefined} {
  try {
    const found = statSync(name, {throwIfNoEntry: false})
    if (found === undefined) return {file: path.join(realpathSync(path.dirname(name)), path.basename(name)), found}
    // Checked before the real path, because pipes have none.
    if (!found.isFile()) throw new NnError('invalid_argument', `${name} is not a regular file.`)
    return {file: realpathSync(name), found}
  } catch (error) {
    if (error instanceof NnError) throw error
    throw new NnError('file_unusable', `${name} cannot be written: ${systemReason(error)}.`, {cause: error})
  }
}

/** Whether an output is empty, and whether it can be resumed. */
export function stateOf(file: string): {isEmpty: boolean; isBegun: boolean} {
  const isEmpty = (statSync(file, {throwIfNoEntry: false})?.size ?? 0) === 0
  return {isEmpty, isBegun: !isEmpty || existsSync(recordPath(file))}
}
