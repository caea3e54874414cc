import {GrammarFault, type Choices, type Grammar, type Item} from '../gbnf/grammar.js'
import type {Pieces} from '../pieces.js'
import {Simplifier, keyOf, sizeOf, type Atom, type Atoms} from './atoms.js'
import {edgeKinds, Network} from './network.js'
import {addCharacters} from './utf8.js'

/** A repetition with more copies is written as blocks of copies. */
const mostCopies = 100
/** What is repeated has a rule of its own if all copies together take more positions. */
const mostCopiedPositions = 256
/** Bytes of a text that are added between two yields. */
const bytesAtOnce = 200

/**
 * The rules of a grammar as automata over bytes.
 *
 * @throws `GrammarFault` for a missing rule, or a grammar that is too large
 */
export function buildNetwork(grammar: Grammar): Pieces<{network: Network; root: number}> {
  return new Builder(grammar).network()
}

class Builder {
  private readonly built = new Network()
  private readonly simplifier = new Simplifier()
  private readonly rules = new Map<string, number>()
  /** Names of rules for parts of repetitions, by what they match. */
  private readonly made = new Map<string, string>()
  private readonly waiting: {rule: number; alternatives: readonly Atoms[]}[] = []

  constructor(private readonly grammar: Grammar) {}

  *network(): Pieces<{network: Network; root: number}> {
    const {rules} = this.grammar
    for (const name of rules.keys()) this.rules.set(name, this.built.addRule(name))
    const root = this.rules.get('root')
    if (root === undefined) throw new GrammarFault('it does not have a rule named root')
    yield* this.checkNames()
    for (const [name, choices] of rules) {
      yield* this.fill(this.rules.get(name) ?? 0, yield* this.simplifier.choices(choices))
      for (let one = this.waiting.pop(); one !== undefined; one = this.waiting.pop())
        yield* this.fill(one.rule, one.alternatives)
    }
    return {network: this.built, root}
  }

  private *checkNames(): Pieces<undefined> {
    const check = function* (this: Builder, choices: Choices): Pieces<undefined> {
      for (const items of choices) {
        for (const item of items) yield* checkItem.call(this, item)
        yield
      }
    }
    const checkItem = function* (this: Builder, item: Item): Pieces<undefined> {
      if (item.kind === 'repetition') yield* checkItem.call(this, item.item)
      else if (item.kind === 'group') yield* check.call(this, item.choices)
      else if (item.kind === 'rule' && !this.rules.has(item.name))
        throw new GrammarFault(`there is no rule named ${item.name}, which is used`, item.offset)
    }
    for (const choices of this.grammar.rules.values()) yield* check.call(this, choices)
  }

  private fill(rule: number, alternatives: readonly Atoms[]): Pieces<undefined> {
    const {starts, ends} = this.built
    return this.choices(starts[rule] ?? 0, ends[rule] ?? 0, alternatives)
  }

  /**
   * Adds the alternatives between two positions; the beginnings that they share become one.
   *
   * @param from has no other edges for bytes
   */
  private *choices(from: number, to: number, alternatives: readonly Atoms[]): Pieces<undefined> {
    const known = new Map<string, number>()
    for (const atoms of alternatives) {
      let at = from
      for (const atom of atoms) {
        if (atom.kind === 'text') {
          at = yield* this.text(at, atom.text)
          continue
        }
        const key = `${at} ${atom.key}`
        let next = known.get(key)
        if (next === undefined) {
          next = this.position(at)
          known.set(key, next)
          yield* this.atom(at, next, atom)
        }
        at = next
        yield
      }
      if (at === to) continue
      this.built.addEdge(at, to, edgeKinds.empty)
      yield
    }
  }

  private *text(from: number, text: string): Pieces<number> {
    // No text of a model has such characters: nothing leads to this position.
    if (/[\0\p{Surrogate}]/u.test(text)) return this.position(from)
    let at = from
    for (const [index, byte] of Buffer.from(text).entries()) {
      if (index % bytesAtOnce === bytesAtOnce - 1) yield
      let next = this.built.byteTarget(at, byte)
      if (next === undefined) {
        next = this.position(at)
        this.built.addEdge(at, next, byte, byte)
      }
      at = next
    }
    return at
  }

  /** Everything but a text begins behind an empty edge, so that no text shares its edges for bytes. */
  private *atom(from: number, to: number, atom: Exclude<Atom, {kind: 'text'}>): Pieces<undefined> {
    switch (atom.kind) {
      case 'call':
        this.built.addEdge(from, to, edgeKinds.call, this.rules.get(atom.name))
        return
      case 'token':
        this.built.addEdge(from, to, atom.isNegated ? edgeKinds.otherToken : edgeKinds.token, atom.id)
        return
      case 'class':
        return yield* addCharacters(this.built, this.behind(from), to, atom.ranges)
      case 'choice':
        return yield* this.choices(this.behind(from), to, atom.alternatives)
      case 'repeat':
        return yield* this.repeat(from, to, atom)
    }
  }

  private *repeat(from: number, to: number, atom: Atom & {kind: 'repeat'}): Pieces<undefined> {
    const {atoms, least, most} = atom
    const isLarge = sizeOf(atoms) > 1 && atom.size > mostCopiedPositions
    const one = isLarge ? this.rule(keyOf(atoms), [atoms]) : atoms
    let at = yield* this.exactly(this.behind(from), one, least)
    if (most === Infinity) {
      at = this.behind(at)
      yield* this.choices(at, at, [one])
    } else at = yield* this.atMost(at, one, most - least)
    this.built.addEdge(at, to, edgeKinds.empty)
  }

  private *exactly(from: number, atoms: Atoms, times: number): Pieces<number> {
    if (times > mostCopies) {
      const size = Math.ceil(Math.sqrt(times))
      const block = this.exactRule(atoms, size)
      const at = yield* this.exactly(from, block, Math.floor(times / size))
      return yield* this.exactly(at, atoms, times % size)
    }
    let at = from
    for (let copy = 0; copy < times; copy++) at = yield* this.copy(at, atoms)
    return at
  }

  /**
   * Up to a number of times, as full blocks and a shorter rest: `x2 ::= block x1 | rest`, `x1 ::= block x0 | rest`. Each
   * number has one way to be written, so few possibilities are followed at a time.
   */
  private *atMost(from: number, atoms: Atoms, times: number): Pieces<number> {
    if (times <= mostCopies) return yield* this.optionals(from, atoms, times)
    const at = this.position(from)
    yield* this.choices(this.behind(from), at, [this.atMostRule(atoms, times)])
    return at
  }

  private *optionals(from: number, atoms: Atoms, times: number): Pieces<number> {
    const end = this.position(from)
    let at = from
    for (let copy = 0; copy < times; copy++) {
      this.built.addEdge(at, end, edgeKinds.empty)
      at = yield* this.copy(at, atoms)
    }
    this.built.addEdge(at, end, edgeKinds.empty)
    return end
  }

  private *copy(from: number, atoms: Atoms): Pieces<number> {
    const to = this.position(from)
    yield* this.choices(this.behind(from), to, [atoms])
    return to
  }

  private exactRule(atoms: Atoms, times: number): Atoms {
    return this.rule(`${keyOf(atoms)}{${times}}`, [[repeat(atoms, times, times)]])
  }

  private atMostRule(atoms: Atoms, times: number): Atoms {
    if (times === 0) return []
    const few: Atoms = [repeat(atoms, 0, times)]
    if (times <= mostCopies) return few
    const size = Math.ceil(Math.sqrt(times))
    const block = this.exactRule(atoms, size)
    const rest = this.atMostRule(atoms, size - 1)
    let parts = this.atMostRule(atoms, times % size)
    for (let blocks = 1; blocks <= Math.floor(times / size); blocks++) {
      const most = (times % size) + blocks * size
      parts = this.rule(`${keyOf(atoms)}{0,${most}}`, [[...block, ...parts], rest])
    }
    return parts
  }

  /** A call of a rule with these alternatives; the same rule for the same key. */
  private rule(key: string, alternatives: readonly Atoms[]): Atoms {
    let name = this.made.get(key)
    if (name === undefined) {
      // Names in grammars have no such sign.
      name = `*${this.made.size}`
      const rule = this.built.addRule()
      this.made.set(key, name)
      this.rules.set(name, rule)
      this.waiting.push({rule, alternatives})
    }
    return [{kind: 'call', name, key: `@${name} `, size: 1}]
  }

  /** A new position behind an empty edge. */
  private behind(from: number): number {
    const position = this.position(from)
    this.built.addEdge(from, position, edgeKinds.empty)
    return position
  }

  /** A new position of the same rule. */
  private position(from: number): number {
    return this.built.addPosition(this.built.rule[from] ?? 0)
  }
}

function repeat(atoms: Atoms, least: number, most: number): Atom {
  return {
    kind: 'repeat',
    atoms,
    least,
    most,
    key: `(${keyOf(atoms)}){${least},${most}}`,
    size: most * (1 + sizeOf(atoms)),
  }
}
