import type {Config} from '../../../../config/index.js'
import type {Addon, GrammarState} from '../addon-types.js'
import {NnError, toNnError} from '../../../../errors.js'
import type {EngineModel} from '../model.js'
import {prepareGrammar} from './gbnf/index.js'
import {normalizeSchema} from './json-schema.js'
import {grammarForSchema} from './schema-grammar.js'

/**
 * The grammar that the answer follows, at its start; `undefined` if it follows none.
 *
 * @throws `invalid_argument` with what is wrong and the place
 */
export async function readGrammar(
  addon: Addon,
  model: EngineModel,
  {grammar, json_schema}: Config['sampling'],
): Promise<GrammarState | undefined> {
  if (json_schema !== null) {
    const schema = normalizeSchema(json_schema)
    return startedGrammar(addon, model, 'json_schema', await grammarForSchema(schema))
  }
  return grammar === '' ? undefined : startedGrammar(addon, model, 'grammar', grammar)
}

function startedGrammar(addon: Addon, model: EngineModel, key: 'grammar' | 'json_schema', text: string): GrammarState {
  try {
    const parsed = new addon.AddonGrammar(prepareGrammar(text), {addonExports: addon, rootRuleName: 'root'})
    return new addon.AddonGrammarEvaluationState(model.native, parsed)
  } catch (error) {
    const hint = key === 'grammar' ? {hint: 'docs/reference/http.md has the rules for grammars.'} : {}
    throw new NnError('invalid_argument', `${key}: ${toNnError(error).message}.`, {...hint, cause: error})
  }
}
