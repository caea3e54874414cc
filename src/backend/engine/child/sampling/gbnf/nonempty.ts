import {GrammarFault, type Choices, type Grammar, type Item} from './grammar.js'

/** Items that may all be missing, in one sequence: each makes an alternative of its own. */
const mostMissing = 200

/**
 * The same grammar with no repetition of what may be empty: `("a"?){2000}` becomes `"a"{0,2000}`. llama.cpp would follow
 * each number of copies that were empty, and for thousands of them would take minutes for a token.
 *
 * @throws `GrammarFault` for a repeated sequence of too many items that may all be missing
 */
export function repeatNothingEmpty(grammar: Grammar): Grammar {
  return new NonEmpty(grammar).grammar()
}

class NonEmpty {
  /** Rules that match an empty text, and rules that match another one. */
  private readonly empty: ReadonlySet<string>
  private readonly filled: ReadonlySet<string>
  /** Names of rules without their empty text, by the names of the rules. */
  private readonly names = new Map<string, string>()
  private readonly made = new Map<string, Choices>()
  private readonly prefix: string

  constructor(private readonly given: Grammar) {
    this.empty = rulesThat(given, (item, known) => mayBeEmpty(item, known), 'every')
    this.filled = rulesThat(given, (item, known) => mayBeFilled(item, known), 'some')
    let prefix = 'n'
    while ([...given.rules.keys()].some((name) => name.startsWith(prefix))) prefix += 'n'
    this.prefix = prefix
  }

  grammar(): Grammar {
    const own = [...this.given.rules].map(([name, choices]) => [name, this.choices(choices)] as const)
    return {text: this.given.text, rules: new Map([...own, ...this.made])}
  }

  private choices(choices: Choices): Choices {
    return choices.map((items) => items.map((item) => this.item(item)))
  }

  private item(item: Item): Item {
    if (item.kind === 'group') return {kind: 'group', choices: this.choices(item.choices)}
    if (item.kind !== 'repetition') return item
    const {item: inner, most} = item
    if (most <= 1 || !mayBeEmpty(inner, this.empty)) return {...item, item: this.item(inner)}
    if (!mayBeFilled(inner, this.filled)) return {kind: 'group', choices: [[]]}
    return {kind: 'repetition', item: this.filledItem(inner), least: 0, most}
  }

  /** The item without its empty text; it has others. */
  private filledItem(item: Item): Item {
    if (!mayBeEmpty(item, this.empty)) return this.item(item)
    switch (item.kind) {
      case 'terminal':
        return item
      case 'rule':
        return {...item, name: this.filledRule(item.name)}
      case 'group':
        return {kind: 'group', choices: this.filledChoices(item.choices)}
      case 'repetition':
        return {...item, item: this.filledItem(item.item), least: 1}
    }
  }

  private filledRule(name: string): string {
    let filled = this.names.get(name)
    if (filled === undefined) {
      filled = `${this.prefix}${this.names.size}`
      // Before it is made: a rule may contain itself.
      this.names.set(name, filled)
      this.made.set(filled, this.filledChoices(this.given.rules.get(name) ?? []))
    }
    return filled
  }

  private filledChoices(choices: Choices): Choices {
    return choices.flatMap((items) => this.filledSequences(items))
  }

  /** One alternative for each item that may be the first one that is not missing. */
  private filledSequences(items: readonly Item[]): Choices {
    const all = items.map((item) => this.item(item))
    if (!items.every((item) => mayBeEmpty(item, this.empty))) return [all]
    if (items.length > mostMissing)
      throw new GrammarFault(`a sequence of more than ${mostMissing} items that may all be missing is repeated`)
    return items.flatMap((item, at) =>
      mayBeFilled(item, this.filled) ? [[this.filledItem(item), ...all.slice(at + 1)]] : [],
    )
  }
}

function mayBeEmpty(item: Item, known: ReadonlySet<string>): boolean {
  switch (item.kind) {
    case 'terminal':
      return item.size === 0
    case 'rule':
      return known.has(item.name)
    case 'group':
      return item.choices.some((items) => items.every((each) => mayBeEmpty(each, known)))
    case 'repetition':
      return item.least === 0 || mayBeEmpty(item.item, known)
  }
}

function mayBeFilled(item: Item, known: ReadonlySet<string>): boolean {
  switch (item.kind) {
    case 'terminal':
      return item.size > 0
    case 'rule':
      return known.has(item.name)
    case 'group':
      return item.choices.some((items) => items.some((each) => mayBeFilled(each, known)))
    case 'repetition':
      return item.most > 0 && mayBeFilled(item.item, known)
  }
}

/** The rules with an alternative whose items all, or some of them, fulfil the condition, going by the rules found so far. */
function rulesThat(
  {rules}: Grammar,
  holds: (item: Item, known: ReadonlySet<string>) => boolean,
  of: 'every' | 'some',
): ReadonlySet<string> {
  const users = usersOf(rules)
  const found = new Set<string>()
  const waiting = [...rules.keys()]
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (found.has(name)) continue
    if (!(rules.get(name) ?? []).some((items) => items[of]((item) => holds(item, found)))) continue
    found.add(name)
    waiting.push(...(users.get(name) ?? []))
  }
  return found
}

/** The rules that use each rule. */
function usersOf(rules: Grammar['rules']): Map<string, Set<string>> {
  const users = new Map<string, Set<string>>()
  const note = (item: Item, name: string): void => {
    if (item.kind === 'rule') users.set(item.name, (users.get(item.name) ?? new Set()).add(name))
    else if (item.kind === 'repetition') note(item.item, name)
    else if (item.kind === 'group') for (const each of item.choices.flat()) note(each, name)
  }
  for (const [name, choices] of rules) for (const item of choices.flat()) note(item, name)
  return users
}
