import {NnError} from '../errors.js'

/** Rows may be of something else than the record of the run says, and nobody can tell which. */
export class RowsInDoubt extends NnError {
  constructor(message: string) {
    super('runtime_error', message, {hint: 'Start anew with --overwrite, or into another file.'})
  }
}
