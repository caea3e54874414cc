import {accessSync, constants, statSync} from 'node:fs'
import os from 'node:os'
import path from 'node:path'

type Environment = Readonly<NodeJS.ProcessEnv>

/** The user's number; -1 on systems without one, as Node has it there. */
const ownUid = process.getuid?.() ?? -1

/**
 * Where the daemon's socket is: as given, else `$WNN_SOCKET`, else in the user's runtime folder, else in a folder of
 * the user's own among the temporary ones.
 */
export function socketPath(given: string | undefined, env: Environment = process.env, uid = ownUid): string {
  const named = given ?? env.WNN_SOCKET
  if (named !== undefined && named !== '') return path.resolve(named)
  const runtime = runtimeFolder(env)
  if (runtime !== undefined && whyUnusable(runtime, uid) === undefined) return path.join(runtime, 'wnn', 'daemon.sock')
  return path.join(os.tmpdir(), `wnn-${uid}`, 'daemon.sock')
}

/** Why `$XDG_RUNTIME_DIR` is not used for the socket; `undefined` if it is used or not set. */
export function whyNotRuntime(env: Environment = process.env, uid = ownUid): string | undefined {
  const runtime = runtimeFolder(env)
  const why = runtime === undefined ? undefined : whyUnusable(runtime, uid)
  return why === undefined ? undefined : `XDG_RUNTIME_DIR is not used: ${why}.`
}

/** The specification says to ignore relative paths. */
function runtimeFolder({XDG_RUNTIME_DIR: runtime}: Environment): string | undefined {
  return runtime !== undefined && path.isAbsolute(runtime) ? runtime : undefined
}

/** After `su` it is still that of the other user; in containers it often does not exist. */
function whyUnusable(folder: string, uid: number): string | undefined {
  try {
    const found = statSync(folder)
    if (!found.isDirectory()) return `${folder} is not a folder`
    if (found.uid !== uid && uid !== -1) return `${folder} belongs to another user`
    accessSync(folder, constants.W_OK | constants.X_OK)
    return undefined
  } catch (error) {
    const {code, message} = error as NodeJS.ErrnoException
    if (code === undefined) throw error
    if (code === 'ENOENT') return `${folder} does not exist`
    return code === 'EACCES' || code === 'EROFS' ? `${folder} cannot be written` : message
  }
}
