import {readdirSync} from 'node:fs'
import path from 'node:path'
import {expandHome} from './saved-chat.js'

/** The words that begin like this, each with a space to go on after. */
export function completeWord(beginning: string, words: readonly string[]): string[] {
  return words.filter((word) => word.startsWith(beginning)).map((word) => `${word} `)
}

/** The files and folders whose paths begin like this. */
export function completeFile(beginning: string): string[] {
  const at = beginning.lastIndexOf('/') + 1
  const [folder, name] = [beginning.slice(0, at), beginning.slice(at)]
  return entriesOf(expandHome(folder === '' ? '.' : folder))
    .filter((entry) => entry.startsWith(name) && (name !== '' || !entry.startsWith('.')))
    .map((entry) => folder + entry)
}

function entriesOf(folder: string): string[] {
  try {
    return readdirSync(folder, {withFileTypes: true}).map((entry) =>
      entry.isDirectory() ? `${entry.name}${path.posix.sep}` : entry.name,
    )
  } catch {
    // There is nothing to complete in a folder that is not there or closed to us.
    return []
  }
}
