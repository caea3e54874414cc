import path from 'node:path'
import {NnError} from '../errors.js'

/** What a model goes by when nobody says: its file's name without `.gguf`. */
export function modelName(file: string): string {
  return path.basename(file).replace(/\.gguf$/i, '')
}

/** The name, if a model can go by it. @throws `invalid_argument` for an empty one, and for one that is a number. */
export function checkName(name: string, hint: string): string {
  if (name === '') throw new NnError('invalid_argument', 'The name is empty.', {hint})
  if (/^\d+$/.test(name)) {
    throw new NnError('invalid_argument', `A model cannot be named ${name}: numbers are ids of graphs.`, {hint})
  }
  return name
}

/** The names of files that are loaded together. @throws `invalid_argument` when two have the same. */
export function namesOf(files: readonly string[]): string[] {
  const fileOf = new Map<string, string>()
  for (const file of files) {
    const name = checkName(modelName(file), 'Load it under another one: wnn load FILE --name NAME')
    const other = fileOf.get(name)
    if (other !== undefined) {
      const which = other === file ? `${file} is given twice` : `${other} and ${file} would both be named ${name}`
      throw new NnError('name_taken', `Each model has a name of its own, but ${which}.`, {
        hint: 'Load the other one under a name that you choose, once the daemon runs: wnn load FILE --name NAME',
      })
    }
    fileOf.set(name, file)
  }
  return [...fileOf.keys()]
}
