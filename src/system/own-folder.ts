import {lstatSync, statSync, type Stats} from 'node:fs'
import path from 'node:path'
import {NnError} from '../errors.js'
import {makeFolder} from './make-folder.js'

/** Makes the folder of a file for its owner alone; one that exists has to be so already. @throws as `checkOwnFolder`. */
export function makeOwnFolder(file: string, uid?: number): void {
  try {
    makeFolder(path.dirname(file), 0o700)
  } catch (error) {
    throw new NnError('file_unusable', `The socket's folder cannot be created: ${(error as Error).message}`, {
      cause: error,
    })
  }
  checkOwnFolder(file, uid)
}

/**
 * A user who may write to the folder of a socket could replace the socket and read the traffic. A folder that does not
 * exist is safe.
 *
 * @throws `security` for a folder of another user, or one that others have permissions for; `file_unusable` for one that
 * cannot be looked at.
 */
export function checkOwnFolder(file: string, uid = process.getuid?.()): void {
  const folder = path.dirname(file)
  const [link, real] = found(folder)
  if (link === undefined || real === undefined || uid === undefined) return
  const isOthers = (stats: Stats): boolean => stats.uid !== uid
  if (isOthers(link) || isOthers(real)) {
    throw new NnError('security', `The socket's folder ${folder} belongs to another user.`, {
      hint: 'Use --socket with a folder of your own.',
    })
  }
  if ((real.mode & 0o077) === 0) return
  throw new NnError('security', `The socket's folder ${folder} is open to other users.`, {
    hint: `Run chmod 700 ${folder}, or use --socket with a folder that does not exist yet.`,
  })
}

/** The folder itself and what it leads to; `undefined` what does not exist. */
function found(folder: string): [link: Stats | undefined, real: Stats | undefined] {
  try {
    return [lstatSync(folder, {throwIfNoEntry: false}), statSync(folder, {throwIfNoEntry: false})]
  } catch (error) {
    const {code, message} = error as NodeJS.ErrnoException
    if (code === undefined) throw error
    // Not only EACCES: a path through a file, a loop of links, a name that is too long.
    const why = code === 'EACCES' ? 'a folder above it belongs to another user' : message
    throw new NnError('file_unusable', `The socket's folder ${folder} cannot be used: ${why}.`, {
      hint: 'Use --socket with a folder of your own.',
      cause: error,
    })
  }
}
