/** A grammar: what a GBNF text or a JSON schema says. */
export interface Grammar {
  /** By name; of two rules with one name the last counts, as in llama.cpp. */
  rules: ReadonlyMap<string, Choices>
}

/** Alternatives, each a sequence of items; an empty sequence matches an empty text. */
export type Choices = readonly Sequence[]
export type Sequence = readonly Item[]

export type Item =
  /** A half of a surrogate pair stands for a character that no text has. */
  | {kind: 'text'; text: string}
  | {kind: 'class'; ranges: readonly CodeRange[]; isNegated: boolean}
  | {kind: 'token'; id: number; isNegated: boolean}
  | {kind: 'rule'; name: string; offset?: number}
  | {kind: 'group'; choices: Choices}
  | Repetition

export interface Repetition {
  kind: 'repetition'
  item: Item
  least: number
  /** `Infinity` is no limit. */
  most: number
}

/** Code points, both ends included. */
export type CodeRange = readonly [from: number, to: number]

/** What is wrong with a grammar, and where if it is one place: an offset into its text. */
export class GrammarFault extends Error {
  override readonly name = 'GrammarFault'

  constructor(
    readonly reason: string,
    readonly offset?: number,
  ) {
    super(reason)
  }
}

/** `reason` with the line and column of its place in the text, both from 1. */
export function explainFault({reason, offset}: GrammarFault, text: string): string {
  if (offset === undefined) return reason
  const lines = text.slice(0, offset).split(/\r\n|\n|\r/)
  return `${reason} at line ${lines.length}, column ${Array.from(lines.at(-1) ?? '').length + 1}`
}
