import {realpathSync, statSync} from 'node:fs'
import path from 'node:path'
import {NnError, systemReason} from '../../errors.js'

/** Host folders by their paths in the guest. */
export type GuestFolders = Readonly<Record<string, string>>

/**
 * Reads `HOST::GUEST`, or one path for both.
 *
 * @throws `invalid_argument` for a text that is neither, `file_unusable` for a path that is not a folder.
 */
export function readFolders(texts: readonly string[]): GuestFolders {
  const folders: Record<string, string> = {}
  for (const text of texts) {
    const [host = '', guest = host, ...more] = text.split('::')
    if (host === '' || guest === '' || more.length > 0) {
      throw new NnError('invalid_argument', `--dir ${text}: expected HOST::GUEST, or one path for both.`)
    }
    if (Object.hasOwn(folders, guest)) {
      throw new NnError('invalid_argument', `--dir: the guest's folder ${guest} is given twice.`)
    }
    folders[guest] = realFolder(host)
  }
  return folders
}

/**
 * The host path of a path in the guest, which may be relative to its folder `.`. Links are followed first: the result is
 * inside of a folder, or `undefined`. A file that does not exist has no path.
 */
export function resolveIn(folders: GuestFolders, guestPath: string): string | undefined {
  const wanted = path.posix.resolve('/', guestPath)
  for (const [guest, host] of Object.entries(folders)) {
    const root = path.posix.resolve('/', guest)
    const inner = path.posix.relative(root, wanted)
    if (inner === '..' || inner.startsWith('../')) continue
    const real = realPath(path.join(host, inner))
    if (real !== undefined && (real === host || real.startsWith(host.endsWith(path.sep) ? host : host + path.sep)))
      return real
  }
  return undefined
}

function realFolder(host: string): string {
  try {
    const real = realpathSync(host)
    if (statSync(real).isDirectory()) return real
  } catch (error) {
    throw new NnError('file_unusable', `--dir ${host}: ${systemReason(error)}.`, {cause: error})
  }
  throw new NnError('file_unusable', `--dir ${host}: it is not a folder.`)
}

function realPath(file: string): string | undefined {
  try {
    return realpathSync(file)
  } catch {
    return undefined
  }
}
