/** A GBNF grammar as it is written. */
export interface Grammar {
  text: string
  /** By name; of two rules with one name the last counts, as in llama.cpp. */
  rules: ReadonlyMap<string, Choices>
}

/** Alternatives, each a sequence of items; an empty sequence matches nothing more. */
export type Choices = readonly (readonly Item[])[]

export type Item =
  | {
      kind: 'terminal'
      /** As written: a literal, a character class, a token, or `.`. */
      text: string
      /** Characters and ranges in it; 0 for an empty literal. */
      size: number
    }
  | {kind: 'rule'; name: string; offset: number}
  | {kind: 'group'; choices: Choices}
  | {
      kind: 'repetition'
      item: Item
      least: number
      /** `Infinity` is no limit. */
      most: number
    }

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
