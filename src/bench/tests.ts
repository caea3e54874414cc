import {NnError} from '../errors.js'
import type {Test, Workload} from './result.js'

/** Parameters from the flags; every combination is a test. Sizes are tokens. */
export interface Plan {
  workloads: readonly Workload[]
  promptTokens: readonly number[]
  generateTokens: readonly number[]
  depths: readonly number[]
  concurrency: readonly number[]
}

/** Prompt tokens of a generation without a depth, because a model cannot answer without a prompt. */
const shortestPrompt = 8

/**
 * The tests of a plan, in its order, each once.
 *
 * @throws `invalid_argument` if there is nothing to measure
 */
export function planTests(plan: Plan): Test[] {
  const tests = plan.workloads.flatMap((workload) => makers[workload](plan).map((sizes) => named({workload, ...sizes})))
  const usesDepth = plan.workloads.some((one) => one === 'pp' || one === 'tg' || one === 'concurrency')
  if (!usesDepth && plan.depths.some((depth) => depth > 0)) {
    throw new NnError(
      'invalid_argument',
      `${plan.workloads.join(' and ')} have no depth: -d is for pp, tg and concurrency.`,
    )
  }
  const unique = [...new Map(tests.map((test) => [test.name, test])).values()]
  if (unique.length === 0) {
    throw new NnError(
      'invalid_argument',
      `There is nothing to measure: all sizes of ${plan.workloads.join(', ')} are 0.`,
      {
        hint: 'Example: wnn bench model.gguf -p 512 -n 128',
      },
    )
  }
  return unique
}

type Sizes = Omit<Test, 'name' | 'workload'>

const none: Sizes = {prompt_tokens: 0, generate_tokens: 0, depth: 0, concurrency: 1}

const makers: Readonly<Record<Workload, (plan: Plan) => Sizes[]>> = {
  pp: ({promptTokens, depths}) => combine(positive(promptTokens), [1], depths),
  tg: ({generateTokens, depths}) =>
    depths.flatMap((depth) => combine([depth === 0 ? shortestPrompt : 0], atLeastTwo(generateTokens), [depth])),
  concurrency: ({promptTokens, generateTokens, depths, concurrency}) =>
    concurrency.flatMap((streams) =>
      combine(positive(promptTokens), atLeastTwo(generateTokens), depths).map((sizes) => ({
        ...sizes,
        concurrency: streams,
      })),
    ),
  prefix: ({promptTokens}) => combine(positive(promptTokens), [1], [0]),
  load: () => [none],
  switch: () => [none],
  traffic: () => [],
}

function combine(prompts: readonly number[], answers: readonly number[], depths: readonly number[]): Sizes[] {
  return depths.flatMap((depth) =>
    prompts.flatMap((prompt) =>
      answers.map((answer) => ({prompt_tokens: prompt, generate_tokens: answer, depth, concurrency: 1})),
    ),
  )
}

/** 0 omits a workload, such as `-n 0` to measure only prompts. */
const positive = (numbers: readonly number[]): number[] => numbers.filter((number) => number > 0)

/** One token has no interval, and so no rate. */
function atLeastTwo(numbers: readonly number[]): number[] {
  if (numbers.includes(1)) {
    throw new NnError('invalid_argument', '-n 1 has no rate: an interval needs two tokens.', {
      hint: 'Use 2 or more, or 0 to measure no generation.',
    })
  }
  return positive(numbers)
}

function named(test: Omit<Test, 'name'>): Test {
  const {workload, prompt_tokens, generate_tokens, depth, concurrency} = test
  const at = depth > 0 ? `@d${depth}` : ''
  const names: Record<Workload, string> = {
    pp: `pp${prompt_tokens}${at}`,
    tg: `tg${generate_tokens}${at}`,
    concurrency: `${concurrency}×(pp${prompt_tokens}+tg${generate_tokens})${at}`,
    prefix: `prefix${prompt_tokens}`,
    load: 'load',
    switch: 'switch',
    traffic: 'traffic',
  }
  return {name: names[workload], ...test}
}

/** Context size that all tests need. */
export function neededContext(tests: readonly Test[]): number {
  return Math.max(...tests.map(contextOf))
}

/** Tokens that a template adds to a turn. */
const turnTokens = 32

/** Context size that a test needs. */
export function contextOf({prompt_tokens, generate_tokens, depth, traffic}: Test): number {
  const {turns} = traffic ?? {}
  if (turns === undefined) return depth + prompt_tokens + generate_tokens
  // The text of an answer may have more tokens when the next turn sends it.
  return depth + turns * (prompt_tokens + Math.ceil(1.25 * generate_tokens) + turnTokens)
}

/** Maximum number of simultaneous streams. */
export function neededSlots(tests: readonly Test[]): number {
  return Math.max(...tests.map(({concurrency}) => concurrency))
}
