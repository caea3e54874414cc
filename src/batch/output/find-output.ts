import {existsSync, realpathSync, statSync, type Stats} from 'node:fs'
import path from 'node:path'
import {NnError} from '../../errors.js'
import {recordPath} from './record-of-run.js'

/** Where the socket is that keeps other batches out. */
export function lockPath(output: string): string {
  return `${output}.lock`
}

/**
 * The file that is meant, which has one lock by whatever name it is called, and what is there already.
 * @throws `invalid_argument` for what is no file, or in no folder.
 */
export function findOutput(name: string): {file: string; found: Stats | undefined} {
  try {
    const found = statSync(name, {throwIfNoEntry: false})
    if (found === undefined) return {file: path.join(realpathSync(path.dirname(name)), path.basename(name)), found}
    // Before its real path: pipes have none.
    if (!found.isFile()) throw new NnError('invalid_argument', `${name} is not a regular file.`)
    return {file: realpathSync(name), found}
  } catch (error) {
    if (error instanceof NnError) throw error
    throw new NnError('file_unusable', `${name} cannot be written: ${(error as Error).message}`, {cause: error})
  }
}

/** Whether an output has nothing in it, and whether there is anything to go on with. */
export function stateOf(file: string): {isEmpty: boolean; isBegun: boolean} {
  const isEmpty = (statSync(file, {throwIfNoEntry: false})?.size ?? 0) === 0
  return {isEmpty, isBegun: !isEmpty || existsSync(recordPath(file))}
}
