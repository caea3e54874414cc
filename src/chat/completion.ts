import {readdirSync} from 'node:fs'
import path from 'node:path'
import {expandHome} from './saved-chat.js'

/** The words that start like this, each followed by a space. */
export function completeWord(beginning: string, words: readonly string[]): string[] {
  return words.filter((word) => word.startsWith(beginning)).map((word) => `${word} `)
}

/** The files and folders whose paths start like this. */
export function completeFile(beginning: string): string[] {
  const at = beginning.lastIndexOf('/') + 1
  const [folder, name] = [beginning.slice(0, at), beginning.slice(at)]
  return entriesOf(folder === '' ? '.' : folder)
    .filter((entry) => entry.startsWith(name) && (name !== '' || !entry.startsWith('.')))
    .map((entry) => folder + entry)
}

function entriesOf(folder: string): string[] {
  try {
    return readdirSync(expandHome(folder), {withFileTypes: true}).map((entry) =>
      entry.isDirectory() ? `${entry.name}${path.posix.sep}` : entry.name,
    )
  } catch {
    // A folder that does not exist or cannot be read has no completions.
    return []
  }
}
