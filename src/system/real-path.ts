import {realpathSync} from 'node:fs'
import path from 'node:path'

/** The path of a file without links; of one that cannot be found, its absolute path. */
export function realPath(file: string): string {
  try {
    return realpathSync(file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error
    return path.resolve(file)
  }
}
