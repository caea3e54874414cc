import {NnError} from '../errors.js'

/** Catches mistakes such as `1-1000000`. */
const most = 1000

/**
 * A list of whole numbers: `512`, `1,4,16`, ranges `1-4` (in steps of 1), `0-100+25` (steps of 25) and `128-2048*2`
 * (each twice the one before). A range includes both ends if a step meets them. Duplicates are removed.
 *
 * @param flag name of the flag, for the message
 * @throws `invalid_argument` that names the wrong part
 */
export function parseNumbers(text: string, flag: string, {min, max}: {min: number; max: number}): number[] {
  const numbers = text.split(',').flatMap((part) => parsePart(part.trim(), flag))
  const wrong = numbers.find((number) => number < min || number > max)
  if (wrong !== undefined) {
    throw new NnError('invalid_argument', `${flag} takes numbers from ${min} to ${max}; got ${wrong}.`)
  }
  return [...new Set(numbers)]
}

function parsePart(part: string, flag: string): number[] {
  const [, first = '', last, sign, by] = /^(\d+)(?:-(\d+)(?:([+*])(\d+))?)?$/.exec(part) ?? []
  if (first === '') {
    throw new NnError('invalid_argument', `${flag} takes whole numbers; got ${JSON.stringify(part)}.`, {
      hint: 'Examples: a number 512, a list 1,4,16, a range 1-4, 0-100+25 or 128-2048*2.',
    })
  }
  const from = Number(first)
  if (last === undefined) return [from]
  const to = Number(last)
  const step = Number(by ?? 1)
  const next = sign === '*' ? (value: number) => value * step : (value: number) => value + step
  const refuse = (why: string): never => {
    throw new NnError('invalid_argument', `${flag} ${part}: ${why}`)
  }
  if (to < from) refuse(`the range ends at ${to}, before its start.`)
  if (next(from) <= from) refuse(`a step of ${sign ?? ''}${step} from ${from} does not increase.`)
  const numbers: number[] = []
  for (let value = from; value <= to; value = next(value)) {
    if (numbers.push(value) > most) refuse(`the range has more than ${most} numbers.`)
  }
  return numbers
}
