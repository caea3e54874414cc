import {parseText} from '../documents/index.js'
import {NnError} from '../errors.js'

/** The configuration of one `key=value` or `section.key=value`. @throws `invalid_argument` for another form. */
export function readPair(pair: string): object {
  const [, key = '', value = ''] = /^([^=]+)=(.*)$/s.exec(pair) ?? []
  if (key === '') throw new NnError('invalid_argument', `--set takes key=value; got ${pair}.`)
  return key.split('.').reduceRight<unknown>((inner, name) => ({[name]: inner}), readValue(value)) as object
}

/** A value as in YAML: numbers, true, lists; anything else is a text. */
function readValue(value: string): unknown {
  return value === '' ? '' : parseText(value).value
}
