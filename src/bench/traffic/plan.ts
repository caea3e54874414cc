import {NnError} from '../../errors.js'
import {parseNumbers} from '../numbers.js'
import type {Test} from '../result.js'
import {parseSlo} from './slo.js'
import type {Range} from './source.js'

/** Flags of the workload `traffic`, and the sizes that it shares with others. */
export interface TrafficFlags {
  'prompt-tokens': string
  'generate-tokens'?: string | undefined
  depth: string
  concurrency?: string | undefined
  workload?: string | undefined
  arrivals?: string | undefined
  requests?: number | undefined
  turns?: number | undefined
  conversations?: number | undefined
  slo?: string | undefined
}

type TrafficTest = NonNullable<Test['traffic']>

const tokens = {min: 0, max: 1_048_576}

/** The tests of `--arrivals`: one for each size of prompt, system prompt and number of clients. @throws `invalid_argument` */
export function readTrafficTests(flags: TrafficFlags): Test[] {
  const {arrivals = 'closed', requests, turns, slo} = flags
  const kind = readArrivals(arrivals)
  const isChat = turns !== undefined || flags.conversations !== undefined
  check(flags, kind, isChat)
  const answer = readRange(flags['generate-tokens'] ?? '16-256')
  const clients = flags.concurrency ?? (kind.arrivals === 'poisson' ? '16' : '1,4,16')
  const objectives = slo === undefined ? undefined : readObjectives(slo)
  const [depths, prompts, concurrency] = [
    parseNumbers(flags.depth, '-d', tokens),
    parseNumbers(flags['prompt-tokens'], '-p', {...tokens, min: 1}),
    parseNumbers(clients, '--concurrency', {min: 1, max: 256}),
  ]
  return depths.flatMap((depth) =>
    prompts.flatMap((promptTokens) =>
      concurrency.map((streams) => {
        const count = isChat ? {conversations: flags.conversations ?? 3 * streams, turns: turns ?? 1} : undefined
        const traffic: TrafficTest = {
          ...kind,
          ...count,
          requests: count === undefined ? (requests ?? Math.max(24, 4 * streams)) : count.conversations * count.turns,
          generate_tokens_min: answer.min,
          ...(objectives !== undefined && {slo: objectives}),
        }
        const sizes = {prompt_tokens: promptTokens, generate_tokens: answer.max, depth, concurrency: streams}
        return {name: nameOf(sizes, traffic), workload: 'traffic', ...sizes, traffic}
      }),
    ),
  )
}

function check(flags: TrafficFlags, {arrivals}: Pick<TrafficTest, 'arrivals'>, isChat: boolean): void {
  const refuse = (message: string): never => {
    throw new NnError('invalid_argument', message)
  }
  if (flags.workload !== undefined) refuse('--arrivals measures only traffic. Remove --workload.')
  if (isChat && arrivals !== 'closed') refuse('--turns and --conversations need --arrivals closed.')
  if (isChat && flags.requests !== undefined) {
    refuse('--requests cannot be combined with conversations, which send --conversations times --turns requests.')
  }
  if (!isChat && flags.depth !== '0') refuse('-d is the system prompt of conversations, so it needs --turns.')
}

function readObjectives(text: string): NonNullable<TrafficTest['slo']> {
  const {ttftMs, itlMs} = parseSlo(text)
  return {...(ttftMs !== undefined && {ttft_ms: ttftMs}), ...(itlMs !== undefined && {itl_ms: itlMs})}
}

/** `closed`, `together`, or `poisson:2.5` with requests per second. */
function readArrivals(text: string): Pick<TrafficTest, 'arrivals' | 'rate'> {
  if (text === 'closed' || text === 'together') return {arrivals: text}
  const rate = Number(/^poisson:(\d+(?:\.\d+)?)$/.exec(text)?.[1])
  if (rate > 0) return {arrivals: 'poisson', rate}
  throw new NnError('invalid_argument', `--arrivals got ${JSON.stringify(text)}.`, {
    hint: 'It takes closed, together or poisson:RATE (requests per second). Example: poisson:2.5',
  })
}

/** `128` or `16-256`. */
function readRange(text: string): Range {
  const [, first = '', last = first] = /^(\d+)(?:-(\d+))?$/.exec(text.trim()) ?? []
  const range = {min: Number(first), max: Number(last)}
  if (first !== '' && range.min >= 2 && range.max >= range.min && range.max <= tokens.max) return range
  throw new NnError('invalid_argument', `-n got ${JSON.stringify(text)} with --arrivals.`, {
    hint: 'It takes the length of answers, at least 2 tokens: a number, or a range such as 16-256.',
  })
}

function nameOf(
  {prompt_tokens: prompt, generate_tokens: max, depth, concurrency}: Omit<Test, 'name' | 'workload'>,
  {arrivals, rate, generate_tokens_min: min, conversations, turns}: TrafficTest,
): string {
  const sizes = `(pp${prompt}+tg${min === max ? max : `${min}-${max}`})`
  const at = depth > 0 ? `@d${depth}` : ''
  if (conversations !== undefined) return `chat ${concurrency}×${sizes}${at}, ${conversations}×${turns ?? 1} turns`
  return arrivals === 'poisson' ? `poisson ${rate ?? NaN}/s×${sizes}` : `${arrivals} ${concurrency}×${sizes}`
}
