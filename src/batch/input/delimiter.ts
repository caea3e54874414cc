import {NnError} from '../../errors.js'
import {formOf} from './open-input.js'

/**
 * The character between the fields of a CSV file from its flag: one character, or `tab`.
 * @throws `invalid_argument`, also if the input is not a CSV file.
 */
export function parseDelimiter(flag: string, input: string): string {
  if (formOf(input) !== 'csv') {
    throw new NnError('invalid_argument', `--delimiter is for .csv files; the input is ${input}.`, {
      hint: 'Leave it out, or rename the input so that it ends in .csv.',
    })
  }
  const delimiter = flag.toLowerCase() === 'tab' || flag === String.raw`\t` ? '\t' : flag
  if (/^[^"\r\n]$/u.test(delimiter)) return delimiter
  throw new NnError(
    'invalid_argument',
    `--delimiter must be one character, but no quote or line break, or tab; got ${JSON.stringify(flag)}.`,
    {hint: "Example: --delimiter ';'"},
  )
}
