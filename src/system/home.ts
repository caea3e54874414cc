import os from 'node:os'

/**
 * The user's home folder; `undefined` where there is none: containers run programs as a uid that the system does not know,
 * without HOME.
 */
export function homeFolder(env: NodeJS.ProcessEnv = process.env): string | undefined {
  const {HOME} = env
  if (HOME === os.devNull) return undefined
  if (HOME !== undefined && HOME !== '') return HOME
  return ofUser('homedir')
}

/** The shell that the system starts for the user; `undefined` for a uid that it does not know. */
export function loginShell(): string | undefined {
  return ofUser('shell')
}

/** Stands for a missing home folder: below it, no folder or file can be made. */
export const noHome = os.devNull

function ofUser(key: 'homedir' | 'shell'): string | undefined {
  try {
    return os.userInfo()[key] ?? undefined
  } catch (error) {
    // `uv_os_get_passwd returned ENOENT`: there is no entry for the uid.
    if ((error as NodeJS.ErrnoException).code === 'ERR_SYSTEM_ERROR') return undefined
    throw error
  }
}
