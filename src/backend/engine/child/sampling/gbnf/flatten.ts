import {printChoices, type FlatChoices, type FlatRules, type Part} from './flat-grammar.js'
import {GrammarFault, type Choices, type Grammar, type Item} from './grammar.js'

/** llama.cpp writes out as many copies as a bound says, and holds bounds up to 2000. More than this many take too long. */
const mostCopies = 100
/** Up to this many elements, a terminal is copied as it is. */
const fewElements = 64
/** Copies of all repetitions of a grammar: each takes memory and time when the grammar is read. */
const mostCopiesInAll = 50_000

/**
 * The same grammar with each group in a rule of its own, and with repetitions that llama.cpp holds wherever they stand:
 * its own limit for the bounds depends on what is repeated and on which rules it has read before.
 *
 * @throws `GrammarFault` when the repetitions together are too large
 */
export function flatten(grammar: Grammar): FlatRules {
  return new Flattener(grammar).rules()
}

type Repetition = Extract<Item, {kind: 'repetition'}>

class Flattener {
  private readonly made = new Map<string, FlatChoices>()
  private readonly namesByText = new Map<string, string>()
  private readonly prefix: string
  private copies = 0

  constructor(private readonly grammar: Grammar) {
    let prefix = 'x'
    while ([...grammar.rules.keys()].some((name) => name.startsWith(prefix))) prefix += 'x'
    this.prefix = prefix
  }

  rules(): Map<string, FlatChoices> {
    const own = [...this.grammar.rules].map(([name, choices]) => [name, this.choices(choices)] as const)
    return new Map([...own, ...this.made])
  }

  private choices(choices: Choices): FlatChoices {
    return choices.map((items) => items.flatMap((item) => this.parts(item)))
  }

  private parts(item: Item): Part[] {
    switch (item.kind) {
      case 'terminal':
        return item.size === 0 ? [] : [once(item.text, false, item.size)]
      case 'rule':
        return [once(item.name, true)]
      case 'group':
        return [this.rule(this.choices(item.choices))]
      case 'repetition':
        return this.repeated(this.parts(item.item), item)
    }
  }

  private repeated(parts: readonly Part[], {least, most}: Repetition): Part[] {
    const symbol = this.symbol(parts, most === Infinity ? least : most)
    if (most === Infinity) {
      const endless = {...(this.mayBeNothing(symbol) ? this.rule([[symbol]]) : symbol), most}
      return least <= 1 ? [{...endless, least}] : [...this.exactly(symbol, least), {...endless, least: 0}]
    }
    return [...this.exactly(symbol, least), ...this.atMost(symbol, most - least)]
  }

  /** What is repeated as one symbol; llama.cpp copies the characters of a terminal each time, and the name of a rule. */
  private symbol(parts: readonly Part[], copies: number): Part {
    const [only] = parts
    const isOne = only !== undefined && parts.length === 1 && only.least === 1 && only.most === 1
    return isOne && (only.isRule || copies * only.size <= fewElements) ? only : this.rule([parts])
  }

  /** llama.cpp takes an endless repetition of a rule for left recursion if one of the rule's alternatives is empty. */
  private mayBeNothing({symbol, isRule}: Part): boolean {
    if (!isRule) return false
    const own = this.grammar.rules.get(symbol)
    if (own !== undefined) return own.some((items) => items.every(isNothing))
    return this.made.get(symbol)?.some((parts) => parts.length === 0) === true
  }

  private exactly(symbol: Part, times: number): Part[] {
    if (times === 0) return []
    if (times <= mostCopies) return [this.copied(symbol, times, times)]
    const size = Math.ceil(Math.sqrt(times))
    const block = this.rule([this.exactly(symbol, size)])
    return [...this.exactly(block, Math.floor(times / size)), ...this.exactly(symbol, times % size)]
  }

  /**
   * Up to a number of times, as full blocks and a shorter rest: `x2 ::= block x1 | rest`, `x1 ::= block x0 | rest`. Each
   * number has one way to be written, so llama.cpp follows few possibilities at a time.
   */
  private atMost(symbol: Part, times: number): Part[] {
    if (times === 0) return []
    if (times <= mostCopies) return [this.copied(symbol, 0, times)]
    const size = Math.ceil(Math.sqrt(times))
    const block = this.rule([this.exactly(symbol, size)])
    const rest = this.rule([this.atMost(symbol, size - 1)])
    const blocks = Math.floor(times / size)
    this.count(blocks)
    let parts = this.atMost(symbol, times % size)
    for (let left = blocks; left > 0; left--) parts = [this.rule([[block, ...parts], [rest]])]
    return parts
  }

  private copied(symbol: Part, least: number, most: number): Part {
    this.count(most)
    return {...symbol, least, most}
  }

  private count(copies: number): void {
    this.copies += copies
    if (this.copies <= mostCopiesInAll) return
    throw new GrammarFault('the bounds of its repetitions are too high together; use fewer of them, or lower ones')
  }

  /** A rule of this content; the same one for the same content. */
  private rule(choices: FlatChoices): Part {
    const text = printChoices(choices)
    let name = this.namesByText.get(text)
    if (name === undefined) {
      name = `${this.prefix}${this.made.size}`
      this.namesByText.set(text, name)
      this.made.set(name, choices)
    }
    return once(name, true)
  }
}

function isNothing(item: Item): boolean {
  return (item.kind === 'terminal' && item.size === 0) || (item.kind === 'repetition' && item.most === 0)
}

function once(symbol: string, isRule: boolean, size = 1): Part {
  return {symbol, isRule, size, least: 1, most: 1}
}
