import os from 'node:os'
import path from 'node:path'

/**
 * Where the daemon's socket is: as given, else `$WNN_SOCKET`, else in the user's runtime folder, else in a folder of
 * the user's own among the temporary ones.
 */
export function socketPath(given: string | undefined, env: NodeJS.ProcessEnv = process.env): string {
  const named = given ?? env.WNN_SOCKET
  if (named !== undefined && named !== '') return path.resolve(named)
  const {XDG_RUNTIME_DIR: runtime} = env
  if (runtime !== undefined && path.isAbsolute(runtime)) return path.join(runtime, 'wnn', 'daemon.sock')
  return path.join(os.tmpdir(), `wnn-${os.userInfo().uid}`, 'daemon.sock')
}
