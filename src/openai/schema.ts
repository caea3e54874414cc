import {sampling} from '../config/sections/sampling.js'
import {request} from '../config/sections/request.js'
import {stopping} from '../config/sections/stopping.js'
import {Type, type Static} from '../documents/index.js'

const {properties: chosen} = sampling
const {properties: asked} = request
const {properties: ended} = stopping

const logitBias = Type.Unsafe<Record<string, number>>({
  type: 'object',
  propertyNames: {pattern: '^[0-9]{1,9}$'},
  additionalProperties: {type: 'number', minimum: -100, maximum: 100},
})

/** Why a value of OpenAI's API is not supported here; the field's keyword `unsupported` for `bodyCheck`. */
const noTools = {unsupported: 'tools and functions are not supported; remove it.'}
const oneAnswer = {unsupported: 'only one answer per request is supported; remove it, or send several requests.'}

/** Fields of both kinds of completions: OpenAI's, then this server's own. */
const common = {
  model: Type.Optional(Type.String({minLength: 1})),
  temperature: Type.Optional(chosen.temp),
  top_p: Type.Optional(chosen.top_p),
  presence_penalty: Type.Optional(chosen.presence_penalty),
  frequency_penalty: Type.Optional(chosen.frequency_penalty),
  logit_bias: Type.Optional(logitBias),
  seed: Type.Optional(chosen.seed),
  stop: Type.Optional(Type.Union([Type.String({minLength: 1}), ended.stop])),
  max_tokens: Type.Optional(ended.max_tokens),
  n: Type.Optional(Type.Integer({minimum: 1, maximum: 1, ...oneAnswer})),
  stream: Type.Optional(Type.Boolean()),
  stream_options: Type.Optional(Type.Object({include_usage: Type.Optional(Type.Boolean())})),

  priority: Type.Optional(asked.priority),
  session_id: Type.Optional(Type.String({minLength: 1, maxLength: 256})),
  timeout_ms: Type.Optional(asked.timeout_ms),
  deterministic: Type.Optional(asked.deterministic),
  top_k: Type.Optional(chosen.top_k),
  min_p: Type.Optional(chosen.min_p),
  repeat_penalty: Type.Optional(chosen.repeat_penalty),
  grammar: Type.Optional(chosen.grammar),
  ignore_eos: Type.Optional(chosen.ignore_eos),
}

const jsonSchema = Type.Optional(Type.Unsafe<Record<string, unknown>>({type: 'object'}))

const responseFormat = Type.Object({
  type: Type.Enum(['text', 'json_object', 'json_schema']),
  json_schema: Type.Optional(
    // OpenAI requires a name. A schema is always held, which is what `strict` asks for.
    Type.Object({name: Type.Optional(Type.Unknown()), strict: Type.Optional(Type.Unknown()), schema: jsonSchema}),
  ),
  // llama-server's place for the schema of a `json_object`.
  schema: jsonSchema,
})

export const chatBody = Type.Object({
  ...common,
  // Checked one by one, so that a message can be named.
  messages: Type.Array(Type.Unknown(), {minItems: 1, maxItems: 10_000}),
  max_completion_tokens: Type.Optional(ended.max_tokens),
  chat_template_kwargs: Type.Optional(asked.template_variables),
  logprobs: Type.Optional(Type.Boolean()),
  top_logprobs: Type.Optional(Type.Integer({minimum: 0, maximum: 20})),
  response_format: Type.Optional(responseFormat),
  tools: Type.Optional(Type.Array(Type.Unknown(), {maxItems: 0, ...noTools})),
  functions: Type.Optional(Type.Array(Type.Unknown(), {maxItems: 0, ...noTools})),
})
export type ChatBody = Static<typeof chatBody>

export const completionBody = Type.Object({
  ...common,
  prompt: Type.Union([
    Type.String({minLength: 1}),
    Type.Array(Type.String({minLength: 1}), {minItems: 1, maxItems: 1}),
  ]),
  logprobs: Type.Optional(Type.Integer({minimum: 0, maximum: 20})),
  echo: Type.Optional(Type.Literal(false, {unsupported: 'repeating the prompt is not supported.'})),
  suffix: Type.Optional(Type.String({maxLength: 0, unsupported: 'inserting into a prompt is not supported.'})),
  best_of: Type.Optional(Type.Integer({minimum: 1, maximum: 1, ...oneAnswer})),
})
export type CompletionBody = Static<typeof completionBody>

/** What both kinds have, and the field that only chats have. */
export type CommonBody = Omit<CompletionBody, 'prompt' | 'logprobs' | 'echo' | 'suffix' | 'best_of'> &
  Pick<ChatBody, 'max_completion_tokens'>

export const embeddingsBody = Type.Object({
  model: Type.Optional(Type.String({minLength: 1})),
  input: Type.Union([
    Type.String({minLength: 1}),
    Type.Array(Type.String({minLength: 1}), {minItems: 1, maxItems: 2048}),
  ]),
  encoding_format: Type.Optional(Type.Enum(['float', 'base64'])),
  dimensions: Type.Optional(Type.Integer({minimum: 1})),
  priority: Type.Optional(asked.priority),
  timeout_ms: Type.Optional(asked.timeout_ms),
})
