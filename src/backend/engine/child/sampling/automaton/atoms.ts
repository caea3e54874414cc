import type {Choices, CodeRange, Item, Repetition, Sequence} from '../gbnf/grammar.js'
import {mostRepetitions} from '../gbnf/parse.js'
import type {Pieces} from '../pieces.js'
import {cleanRanges} from './utf8.js'

/** A part of a rule in its simplest form: equal parts have equal keys. */
export type Atom = {
  key: string
  /** About how many positions it takes. */
  size: number
} & (
  | {kind: 'text'; text: string}
  | {kind: 'class'; ranges: readonly CodeRange[]}
  | {kind: 'token'; id: number; isNegated: boolean}
  | {kind: 'call'; name: string}
  | {kind: 'choice'; alternatives: readonly Atoms[]}
  | {kind: 'repeat'; atoms: Atoms; least: number; most: number}
)
export type Atoms = readonly Atom[]

/** Positions of a character of several bytes. */
const classSize = 8

/** Simplifies items: groups of one alternative dissolve, equal alternatives become one, repetitions of repetitions too. */
export class Simplifier {
  private readonly ids = new Map<string, string>();

  /** Different alternatives, in their order. */
  *choices(choices: Choices): Pieces<Atoms[]> {
    const different = new Map<string, Atoms>()
    for (const items of choices) {
      const atoms = yield* this.sequence(items)
      different.set(keyOf(atoms), atoms)
      yield
    }
    return [...different.values()]
  }

  private *sequence(items: Sequence): Pieces<Atom[]> {
    const atoms: Atom[] = []
    for (const item of items) {
      atoms.push(...(yield* this.atoms(item)))
      yield
    }
    return atoms
  }

  private *atoms(item: Item): Pieces<Atoms> {
    switch (item.kind) {
      case 'text':
        return item.text === '' ? [] : [text(item.text)]
      case 'class':
        return [this.characters(cleanRanges(item.ranges, item.isNegated))]
      case 'token': {
        const {id, isNegated} = item
        return [{kind: 'token', id, isNegated, key: `${isNegated ? '!' : ''}<${id}>`, size: 1}]
      }
      case 'rule':
        return [{kind: 'call', name: item.name, key: `@${item.name} `, size: 1}]
      case 'group':
        return this.group(yield* this.choices(item.choices))
      case 'repetition':
        return this.repetition(yield* this.atoms(item.item), item)
    }
  }

  private characters(ranges: readonly CodeRange[]): Atom {
    const [[from, to] = [0, -1]] = ranges
    if (ranges.length === 1 && from === to) return text(String.fromCodePoint(from))
    const size = ranges.at(-1)?.[1] ?? 0
    return {
      kind: 'class',
      ranges,
      key: this.short('[', ranges.map(([low, high]) => `${low}-${high}`).join(',')),
      size: size < 0x80 ? 1 : classSize + ranges.length,
    }
  }

  private group(alternatives: readonly Atoms[]): Atoms {
    const [only] = alternatives
    if (only !== undefined && alternatives.length === 1) return only
    return [
      {
        kind: 'choice',
        alternatives,
        key: this.short('(', alternatives.map(keyOf).join('|')),
        size: sum(alternatives.map(sizeOf)),
      },
    ]
  }

  private repetition(atoms: Atoms, {least, most}: Repetition): Atoms {
    const [only] = atoms
    if (only === undefined || most === 0) return []
    if (atoms.length === 1 && only.kind === 'repeat') {
      const merged = mergedBounds(only, {least, most})
      if (merged !== undefined) return this.repeated(only.atoms, merged)
    }
    if (atoms.length === 1 && only.kind === 'choice' && only.alternatives.some((one) => one.length === 0)) {
      // Copies that may be empty are copies that may be missing.
      const inner = this.group(only.alternatives.filter((one) => one.length > 0))
      return this.repetition(inner, {kind: 'repetition', item: {kind: 'text', text: ''}, least: 0, most})
    }
    return this.repeated(atoms, {least, most})
  }

  private repeated(atoms: Atoms, {least, most}: {least: number; most: number}): Atoms {
    if (least === 1 && most === 1) return atoms
    const copies = most === Infinity ? least + 1 : most
    const key = `${this.short('(', keyOf(atoms))}{${least},${most}}`
    return [{kind: 'repeat', atoms, least, most, key, size: copies * (1 + sizeOf(atoms))}]
  }

  /** A key of a few characters in place of a long one, so that keys of nested parts do not grow. */
  private short(sign: string, long: string): string {
    const key = sign + long
    let id = this.ids.get(key)
    if (id === undefined) {
      id = `${sign}${this.ids.size})`
      this.ids.set(key, id)
    }
    return id
  }
}

export function keyOf(atoms: Atoms): string {
  return atoms.map(({key}) => key).join('')
}

export function sizeOf(atoms: Atoms): number {
  return sum(atoms.map(({size}) => size))
}

/**
 * The bounds of `(x{a,b}){c,d}` as one repetition of x, if it can have every number of copies in between: c copies of
 * `a` to `b` reach up to `c * b`, the next ones begin at `(c + 1) * a`.
 */
function mergedBounds(
  inner: {least: number; most: number},
  outer: {least: number; most: number},
): {least: number; most: number} | undefined {
  const first = outer.least
  const isWhole = (from: number): boolean => inner.most * from + 1 >= inner.least * (from + 1)
  // With no copy at all, the next one may begin at 1 at most.
  const joins = first === 0 ? inner.least <= 1 : first === outer.most || isWhole(first)
  const most = inner.most * outer.most
  return joins && (most === Infinity || most <= mostRepetitions) ? {least: inner.least * first, most} : undefined
}

function text(value: string): Atom {
  return {kind: 'text', text: value, key: JSON.stringify(value), size: value.length}
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
