import {grammarForJsonSchema} from '../addon.js'

/** The GBNF grammar of a schema that `normalizeSchema` has read. */
export async function grammarForSchema(schema: object): Promise<string> {
  const grammar = await grammarForJsonSchema(schema)
  return (
    grammar
      // The generator writes values of enumerations and names of properties as they are, but JSON has these characters only
      // as escapes.
      .replaceAll(/(?!\n)\p{Cc}|\p{Surrogate}/gu, (character) => {
        return `\\\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
      })
      // 1e-1 is not an integer.
      .replace(/^(integer-number-rule ::= .*?) \(\[eE\].*$/m, '$1')
  )
}
