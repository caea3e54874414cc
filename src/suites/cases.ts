import {NnError} from '../errors.js'
import type {Case, Scenario, Suite} from './model.js'
import {fillName, writtenNumbers, type Scope} from './variables.js'
import {findWrittenNumbers, type WrittenNumbers} from './written-numbers.js'

export interface Selection {
  /** Each a scenario's id, a `/regular expression/`, or a part of "id name"; one that fits suffices. */
  filters?: readonly string[]
  /** A scenario needs one of them. */
  tags?: readonly string[]
  /** `i/n`: every n-th case, from the i-th on. */
  shard?: string
}

/** The cases of the suites, in order: one per scenario, or one per combination of its matrix. */
export function expandCases(suites: readonly Suite[]): Case[] {
  return suites.flatMap((suite) =>
    suite.scenarios.flatMap((scenario) =>
      combinations(scenario.matrix ?? {}).map((choices) => {
        const variables = variablesOf(suite, scenario, choices)
        const {text, used} = fillName(scenario.name, variables)
        const suffixOf = (shown: readonly Choice[]): string => suffix(shown, variables[writtenNumbers])
        const unsaid = choices.filter(({name}) => !used.has(name))
        return {
          suite,
          scenario,
          id: `${scenario.id}${suffixOf(choices)}`,
          name: [text, suffixOf(unsaid)].filter((part) => part !== '').join(' '),
          variables,
        }
      }),
    ),
  )
}

/** One value of a matrix, and its position there. */
interface Choice {
  name: string
  value: unknown
  at: number
}

function variablesOf(
  {written}: Suite,
  scenario: Scenario,
  choices: readonly Choice[],
): Scope & {[writtenNumbers]: WrittenNumbers} {
  const {path, variables = {}} = scenario
  const own = Object.entries(variables).filter(([name]) => !choices.some((choice) => choice.name === name))
  const numbers = new Map([
    ...own.flatMap(([name, value]) => findWrittenNumbers(name, value, {written, path: [...path, 'variables', name]})),
    ...choices.flatMap(({name, value, at}) =>
      findWrittenNumbers(name, value, {written, path: [...path, 'matrix', name, at]}),
    ),
  ])
  const chosen = Object.fromEntries(choices.map(({name, value}) => [name, value]))
  return {...variables, ...chosen, [writtenNumbers]: numbers}
}

function suffix(choices: readonly Choice[], numbers: WrittenNumbers): string {
  const entries = choices.map(({name, value}) => `${name}=${numbers.get(name)?.text ?? String(value)}`)
  return entries.length === 0 ? '' : `[${entries.join(', ')}]`
}

/** The cases that the selection keeps. Throws `invalid_argument` for a filter or shard that means nothing. */
export function selectCases(cases: readonly Case[], {filters = [], tags = [], shard}: Selection): Case[] {
  const matchers = filters.map(toMatcher)
  const chosen = cases.filter(
    (one) =>
      (matchers.length === 0 || matchers.some((matches) => matches(one))) &&
      (tags.length === 0 || tags.some((tag) => one.scenario.tags?.includes(tag))),
  )
  if (shard === undefined) return chosen
  const [index, of] = parseShard(shard)
  return chosen.filter((_case, position) => position % of === index - 1)
}

function combinations(matrix: Record<string, readonly unknown[]>): Choice[][] {
  return Object.entries(matrix).reduce<Choice[][]>(
    (rows, [name, values]) => rows.flatMap((row) => values.map((value, at) => [...row, {name, value, at}])),
    [[]],
  )
}

function toMatcher(filter: string): (one: Case) => boolean {
  if (/^\d+$/.test(filter)) return ({scenario}) => scenario.id === filter
  const pattern = /^\/(.*)\/(i?)$/.exec(filter)
  if (pattern === null) return ({id, name}) => `${id} ${name}`.toLowerCase().includes(filter.toLowerCase())
  const expression = toExpression(pattern[1] ?? '', pattern[2] ?? '')
  return ({id, name}) => expression.test(`${id} ${name}`)
}

function toExpression(source: string, flags: string): RegExp {
  try {
    return new RegExp(source, `u${flags}`)
  } catch (error) {
    throw new NnError('invalid_argument', `The filter /${source}/ is not a regular expression.`, {cause: error})
  }
}

function parseShard(shard: string): [index: number, of: number] {
  const [index = 0, of = 0] = /^\d+\/\d+$/.test(shard) ? shard.split('/').map(Number) : []
  if (index < 1 || index > of) throw new NnError('invalid_argument', `--shard takes i/n with 1 ≤ i ≤ n; got ${shard}.`)
  return [index, of]
}
