import {NnError} from '../errors.js'

/** A percentage applies only from this number of items. */
const fewestForShare = 100

/** Whether a batch with these failures among these finished items must stop. */
export type ErrorLimit = (failed: number, ended: number) => boolean

/** Reads `n` (more failures than that) or `p%` (a larger share, once 100 items have ended). @throws `invalid_argument`. */
export function parseErrorLimit(text: string): ErrorLimit {
  const [, digits, percent] = /^(\d+(?:\.\d+)?)(%)?$/.exec(text) ?? []
  const limit = Number(digits)
  const isRight = percent === undefined ? Number.isSafeInteger(limit) : limit <= 100
  if (digits === undefined || !isRight) {
    throw new NnError('invalid_argument', `--max-errors takes a number or a percentage; got ${text}.`, {
      hint: 'Examples: --max-errors 10, --max-errors 5%',
    })
  }
  if (percent === undefined) return (failed) => failed > limit
  return (failed, ended) => ended >= fewestForShare && (failed / ended) * 100 > limit
}
