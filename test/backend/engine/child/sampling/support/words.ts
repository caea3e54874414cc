import {Constraint} from '../../../../../../src/backend/engine/child/sampling/automaton/constraint.js'
import {Vocabulary, type TokenSource} from '../../../../../../src/backend/engine/child/sampling/automaton/vocabulary.js'
import {atOnce} from '../../../../../../src/backend/engine/child/sampling/pieces.js'
import {matcherOf} from './matching.js'

/** A vocabulary of these texts or bytes, in their order; an empty one is a control token, `end` ends an answer. */
export function words(...texts: (string | number[])[]): TokenSource {
  return {
    vocabularySize: texts.length,
    isEog: (token) => texts[token] === 'end',
    bytes: (token) => {
      const text = texts[token] ?? ''
      return typeof text === 'string' ? [...Buffer.from(text)] : text
    },
  }
}

export function constraintOf(grammar: string, source: TokenSource): Constraint {
  return new Constraint(matcherOf(grammar), atOnce(Vocabulary.build(source)))
}
