import {compileGrammar, type Matcher} from '../../../../../../src/backend/engine/child/sampling/automaton/matcher.js'
import {parseGrammar} from '../../../../../../src/backend/engine/child/sampling/gbnf/parse.js'
import {normalizeSchema} from '../../../../../../src/backend/engine/child/sampling/json-schema.js'
import {atOnce} from '../../../../../../src/backend/engine/child/sampling/pieces.js'
import {schemaGrammar} from '../../../../../../src/backend/engine/child/sampling/schema-grammar.js'

export function matcherOf(grammar: string): Matcher {
  return atOnce(compileGrammar(atOnce(parseGrammar(grammar))))
}

export function schemaMatcher(schema: unknown): Matcher {
  return atOnce(compileGrammar(atOnce(schemaGrammar(normalizeSchema(schema)))))
}

export function matches(grammar: string): (text: string) => boolean {
  return textsOf(matcherOf(grammar))
}

export function matchesSchema(schema: unknown): (text: string) => boolean {
  return textsOf(schemaMatcher(schema))
}

/** Whether the matcher takes a whole text. */
function textsOf(matcher: Matcher): (text: string) => boolean {
  return (text) => matcher.follow(matcher.start, Buffer.from(text))?.isComplete === true
}
