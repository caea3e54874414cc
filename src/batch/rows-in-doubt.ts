import {NnError} from '../errors.js'

/** Rows may be of something else than the record of the run says, and nobody can tell which. */
export function rowsInDoubt(message: string): NnError {
  return new NnError('rows_in_doubt', message, {hint: 'Start over with --overwrite, or write to another file.'})
}
