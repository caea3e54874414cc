import type {RuntimeOptions} from '../config/index.js'
import {normalizeSchema} from '../backend/index.js'
import {badRequest} from './api-error.js'
import type {ChatBody, CommonBody} from './schema.js'

/** Any JSON object, with at most one space or line break between its parts, because a model could indent forever. */
const jsonObjectGrammar = String.raw`root ::= object
value ::= object | array | string | number | "true" | "false" | "null"
object ::= "{" ws (pair ("," ws pair)*)? "}"
pair ::= string ":" ws value ws
array ::= "[" ws (value ws ("," ws value ws)*)? "]"
string ::= "\"" ([^"\\\x00-\x1F\x7F] | "\\" (["\\/bfnrt] | "u" [0-9a-fA-F]{4}))* "\""
number ::= "-"? ("0" | [1-9] [0-9]{0,15}) ("." [0-9]{1,15})? ([eE] [-+]? [0-9]{1,3})?
ws ::= [ \n]?
`

/** The runtime options for OpenAI's fields and this server's own; omits those that were not given. */
export function runtimeOptions(body: CommonBody): RuntimeOptions {
  const {stop, logit_bias: bias} = body
  return defined({
    temp: body.temperature,
    top_p: body.top_p,
    top_k: body.top_k,
    min_p: body.min_p,
    repeat_penalty: body.repeat_penalty,
    presence_penalty: body.presence_penalty,
    frequency_penalty: body.frequency_penalty,
    seed: body.seed,
    logit_bias: bias && Object.entries(bias).map(([token, value]) => [Number(token), value === -100 ? false : value]),
    stop: typeof stop === 'string' ? [stop] : stop,
    max_tokens: body.max_completion_tokens ?? body.max_tokens,
    ignore_eos: body.ignore_eos,
    grammar: body.grammar,
    priority: body.priority,
    timeout_ms: body.timeout_ms,
    deterministic: body.deterministic,
  })
}

/** The grammar or schema for a chat's `response_format`. */
export function responseGuide({response_format: format, grammar}: ChatBody): RuntimeOptions {
  if (format === undefined) return {}
  checkSchemaPlace(format)
  if (format.type === 'text') return {}
  if (grammar !== undefined && grammar !== '')
    throw badRequest('grammar: cannot be combined with response_format.', 'grammar')
  if (format.type === 'json_object') {
    const {schema = {}} = format
    const isAnyObject = Object.keys(schema).length === 0
    return isAnyObject ? {grammar: jsonObjectGrammar} : schemaGuide(schema, 'response_format.schema')
  }
  const param = 'response_format.json_schema.schema'
  const schema = format.json_schema?.schema
  if (schema === undefined) throw badRequest(`${param}: is missing.`, param)
  return schemaGuide(schema, param)
}

/** A schema in the place of another type would be ignored. */
function checkSchemaPlace({type, schema, json_schema}: NonNullable<ChatBody['response_format']>): void {
  if (schema !== undefined && type !== 'json_object')
    throw badRequest(`response_format.schema: is for the type json_object, not ${type}.`, 'response_format.schema')
  if (json_schema !== undefined && type !== 'json_schema')
    throw badRequest(
      `response_format.json_schema: is for the type json_schema, not ${type}.`,
      'response_format.json_schema',
    )
}

function schemaGuide(schema: Record<string, unknown>, param: string): RuntimeOptions {
  try {
    normalizeSchema(schema, param)
  } catch (error) {
    throw badRequest((error as Error).message, param, 'unsupported_value')
  }
  return {json_schema: schema}
}

/** How many probabilities the engine reports: none, or those of the chosen token and of this many others. */
export function probabilities(wanted: number | undefined): RuntimeOptions {
  return wanted === undefined ? {} : {n_probs: Math.max(1, wanted)}
}

function defined(options: Record<string, unknown>): RuntimeOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
}
