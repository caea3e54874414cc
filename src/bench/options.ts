import {NnError} from '../errors.js'
import {parseNumbers} from './numbers.js'
import {workloads, type Workload} from './result.js'
import {planTests} from './tests.js'
import type {Test} from './result.js'
import {readTrafficTests, type TrafficFlags} from './traffic/plan.js'

/** Sizes from the flags. */
export type SizeFlags = TrafficFlags

/** Traffic has its own flag. */
const listed = workloads.filter((one) => one !== 'traffic')

const tokens = {min: 0, max: 1_048_576}

/** The tests for these flags. @throws `invalid_argument` that names the flag */
export function readTests(flags: SizeFlags): Test[] {
  if (flags.arrivals !== undefined) return readTrafficTests(flags)
  const only = (['requests', 'turns', 'conversations', 'slo'] as const).find((name) => flags[name] !== undefined)
  if (only !== undefined) {
    throw new NnError('invalid_argument', `--${only} needs --arrivals.`, {hint: 'Example: --arrivals closed'})
  }
  return planTests({
    workloads: readWorkloads(flags),
    promptTokens: parseNumbers(flags['prompt-tokens'], '-p', tokens),
    generateTokens: parseNumbers(flags['generate-tokens'] ?? '128', '-n', tokens),
    depths: parseNumbers(flags.depth, '-d', tokens),
    concurrency: parseNumbers(flags.concurrency ?? '1,4,16', '--concurrency', {min: 1, max: 256}),
  })
}

function readWorkloads({workload = 'pp,tg', concurrency}: SizeFlags): Workload[] {
  const named = workload.split(',').map((name) => {
    const known = listed.find((one) => one === name.trim())
    if (known !== undefined) return known
    throw new NnError('invalid_argument', `Unknown workload ${JSON.stringify(name)}.`, {
      hint: `The workloads are ${listed.join(', ')}. To measure traffic, use --arrivals.`,
    })
  })
  return [...new Set([...named, ...(concurrency === undefined ? [] : (['concurrency'] as const))])]
}

/** `5%` or `0.05` as a fraction. @throws `invalid_argument` */
export function readFraction(text: string, flag: string): number {
  const [, number = '', sign] = /^(\d+(?:\.\d+)?)\s*(%?)$/.exec(text.trim()) ?? []
  const fraction = sign === '%' ? Number(number) / 100 : Number(number)
  if (number !== '' && fraction > 0 && fraction < 1) return fraction
  throw new NnError('invalid_argument', `${flag} takes a share above 0 % and below 100 %; got ${text}.`, {
    hint: 'Examples: 5%, 0.05',
  })
}
