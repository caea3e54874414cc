import {NnError} from '../errors.js'

/** Some rows may not match the record of the run, and it is unknown which. */
export function rowsInDoubt(message: string): NnError {
  return new NnError('rows_in_doubt', message, {hint: 'Start over with --overwrite, or write to another file.'})
}
