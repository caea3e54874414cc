import path from 'node:path'
import {NnError} from '../errors.js'

/** Default name of a model: its file name without `.gguf`, of a split model without the number of the part. */
export function modelName(file: string): string {
  return path.basename(file).replace(/(?:-\d{5}-of-\d{5})?\.gguf$/i, '')
}

/** The name, if it is allowed. @throws `invalid_argument` for an empty one, and for one that is a number. */
export function checkName(name: string, hint: string): string {
  if (name === '') throw new NnError('invalid_argument', 'The name is empty.', {hint})
  if (/^\d+$/.test(name)) {
    throw new NnError('invalid_argument', `A model cannot be named ${name}: numbers are graph ids.`, {hint})
  }
  return name
}

/** The names of files that are loaded together. @throws `invalid_argument` when two have the same. */
export function namesOf(files: readonly string[]): string[] {
  const fileOf = new Map<string, string>()
  for (const file of files) {
    const name = checkName(modelName(file), 'Choose another name: wnn load FILE --name NAME')
    const other = fileOf.get(name)
    if (other !== undefined) {
      const which = other === file ? `${file} is given twice` : `${other} and ${file} would both be named ${name}`
      throw new NnError('name_taken', `Each model needs a name of its own, but ${which}.`, {
        hint: 'Start the daemon with one of them, then load the other one: wnn load FILE --name NAME',
      })
    }
    fileOf.set(name, file)
  }
  return [...fileOf.keys()]
}
