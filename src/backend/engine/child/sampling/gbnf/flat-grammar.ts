import {GrammarFault} from './grammar.js'

/** A symbol, and how often it is repeated. */
export interface Part {
  /** The name of a rule, or a terminal as it is written. */
  symbol: string
  isRule: boolean
  /** Characters and ranges in a terminal; 1 for a rule. */
  size: number
  least: number
  most: number
}

export type FlatChoices = readonly (readonly Part[])[]
/** Rules without groups, whose repetitions llama.cpp can all hold. */
export type FlatRules = ReadonlyMap<string, FlatChoices>

/** llama.cpp follows first symbols recursively: longer chains would overflow its stack. */
const longestChain = 4000

export function printRules(rules: FlatRules): string {
  return [...rules].map(([name, choices]) => `${name} ::= ${printChoices(choices)}\n`).join('')
}

/** An empty sequence is an empty literal: after `::=` a line break does not end a rule. */
export function printChoices(choices: FlatChoices): string {
  return choices.map((parts) => (parts.length === 0 ? '""' : parts.map(printPart).join(' '))).join(' | ')
}

function printPart({symbol, least, most}: Part): string {
  if (least === 1 && most === 1) return symbol
  if (most === Infinity && least <= 1) return `${symbol}${least === 0 ? '*' : '+'}`
  if (least === 0 && most === 1) return `${symbol}?`
  return `${symbol}{${least === most ? least : `${least},${most}`}}`
}

/**
 * Checks that no rule begins with itself, which llama.cpp does not support: it would never stop where it does not notice,
 * behind a rule that may be empty because its parts may be. Also checks that no chain of first symbols is too long.
 *
 * @param isOwn whether a rule is one of the grammar as it was written
 * @throws `GrammarFault` that names the rule
 */
export function checkFirstSymbols(rules: FlatRules, isOwn: (name: string) => boolean): void {
  const firsts = firstRules(rules)
  const done = new Set<string>()
  for (const start of rules.keys()) {
    if (done.has(start)) continue
    const path: {name: string; rest: string[]}[] = [{name: start, rest: [...(firsts.get(start) ?? [])]}]
    const open = new Set([start])
    for (let last = path.at(-1); last !== undefined; last = path.at(-1)) {
      const next = last.rest.pop()
      if (next === undefined) {
        path.pop()
        open.delete(last.name)
        done.add(last.name)
      } else if (open.has(next)) {
        const names = path.map(({name}) => name)
        const cycle = names.slice(names.indexOf(next)).filter(isOwn)
        throw new GrammarFault(`left recursion, which is not supported: ${cycle[0] ?? next} can begin with itself`)
      } else if (!done.has(next)) {
        if (path.length >= longestChain)
          throw new GrammarFault(`more than ${longestChain} rules begin with one another`)
        open.add(next)
        path.push({name: next, rest: [...(firsts.get(next) ?? [])]})
      }
    }
  }
}

/** The rules that each rule may begin with. */
function firstRules(rules: FlatRules): Map<string, Set<string>> {
  const empty = emptyRules(rules)
  return new Map(
    [...rules].map(([name, choices]) => {
      const firsts = new Set<string>()
      for (const parts of choices) {
        for (const part of parts) {
          if (part.isRule) firsts.add(part.symbol)
          if (!mayBeEmpty(part, empty)) break
        }
      }
      return [name, firsts]
    }),
  )
}

/** The rules that match an empty text. */
function emptyRules(rules: FlatRules): Set<string> {
  const users = new Map<string, string[]>()
  for (const [name, choices] of rules) {
    for (const {symbol, isRule} of choices.flat()) {
      if (!isRule) continue
      const known = users.get(symbol)
      if (known === undefined) users.set(symbol, [name])
      else if (known.at(-1) !== name) known.push(name)
    }
  }
  const empty = new Set<string>()
  const waiting = [...rules.keys()]
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (empty.has(name)) continue
    const choices = rules.get(name) ?? []
    if (!choices.some((parts) => parts.every((part) => mayBeEmpty(part, empty)))) continue
    empty.add(name)
    waiting.push(...(users.get(name) ?? []))
  }
  return empty
}

function mayBeEmpty({symbol, isRule, least}: Part, empty: ReadonlySet<string>): boolean {
  return least === 0 || (isRule && empty.has(symbol))
}
