import type {FastifyInstance, FastifyReply} from 'fastify'
import {Type} from '../documents/index.js'
import type {AnswerRequest} from '../backend/contract/core.js'
import type {RuntimeOptions} from '../config/index.js'
import {request as requestSection} from '../config/sections/request.js'
import {stopping} from '../config/sections/stopping.js'
import {clientSignal} from './client-signal.js'
import {messageFields, readMessages} from './messages.js'
import {findModel} from './models.js'
import type {Serving} from './serving.js'
import {Turns} from './turns.js'
import {bodyCheck, ignoredHeader} from './validate.js'

const model = Type.Optional(Type.String({minLength: 1}))

const promptBody = Type.Object({
  model,
  messages: Type.Array(Type.Unknown(), {minItems: 1, maxItems: 10_000}),
  tools: Type.Optional(Type.Array(Type.Unsafe<Record<string, unknown>>({type: 'object'}), {maxItems: 1000})),
  chat_template_kwargs: Type.Optional(requestSection.properties.template_variables),
  max_tokens: Type.Optional(stopping.properties.max_tokens),
})

const tokenizeBody = Type.Object({
  model,
  content: Type.String(),
  add_special: Type.Optional(Type.Boolean()),
  parse_special: Type.Optional(Type.Boolean()),
  with_pieces: Type.Optional(Type.Boolean()),
})

const detokenizeBody = Type.Object({
  model,
  tokens: Type.Array(Type.Integer({minimum: 0, maximum: 2 ** 31 - 1}), {maxItems: 10_000_000}),
})

const checkPrompt = bodyCheck(promptBody, {messages: {items: messageFields}})
const checkTokenize = bodyCheck(tokenizeBody)
const checkDetokenize = bodyCheck(detokenizeBody)

/** A question whose prompt is wanted, and not its answer. */
export interface PromptQuestion extends AnswerRequest {
  /** The requested model name. */
  model: string | undefined
  /** Unknown fields, which have no effect. */
  ignored: string[]
}

/** Reads the body of `/apply-template`. @throws `ApiError` for an invalid one. */
export function readPromptRequest(value: unknown): PromptQuestion {
  const {body, ignored} = checkPrompt(value)
  const {systemPrompt, history, input} = readMessages(body.messages)
  const options: RuntimeOptions = {
    system_prompt: systemPrompt,
    history,
    prompt_mode: 'chat',
    template_variables: {
      ...body.chat_template_kwargs,
      ...(body.tools !== undefined && {tools: body.tools}),
    },
    ...(body.max_tokens !== undefined && {max_tokens: body.max_tokens}),
  }
  return {model: body.model, input, options, ignored}
}

/**
 * Questions about texts that the engine gets at a time. They wait in no queue of tasks, and one client could ask for so many
 * that chats wait after them.
 */
const mostQuestions = 2

/** llama-server's routes for prompts and tokens, with the same fields. */
export function promptRoutes(app: FastifyInstance, serving: Serving): void {
  const {backend} = serving
  const turns = new Turns(mostQuestions)
  const inTurn = async <Result>(reply: FastifyReply, work: () => Promise<Result>): Promise<Result> => {
    using client = clientSignal(reply, serving)
    return await turns.run(client.signal, work)
  }
  app.post('/apply-template', async (request, reply) => {
    const {model: name, input, options, ignored} = readPromptRequest(request.body)
    const {graph} = await findModel(serving, name)
    const {text, tokens, dropped_messages} = await inTurn(reply, () =>
      backend.render({graph}, {input, ...(options && {options})}),
    )
    return await reply.headers(headersFor(ignored)).send({prompt: text, tokens, dropped_messages})
  })
  app.post('/tokenize', async (request, reply) => {
    const {body, ignored} = checkTokenize(request.body)
    const {graph} = await findModel(serving, body.model)
    const {add_special: addSpecial = false, parse_special: parseSpecial = true} = body
    const {tokens, pieces} = await inTurn(reply, () =>
      backend.tokenize(graph, body.content, {addSpecial, parseSpecial}),
    )
    const list = body.with_pieces === true ? tokens.map((id, index) => ({id, piece: pieces[index]})) : tokens
    return await reply.headers(headersFor(ignored)).send({tokens: list})
  })
  app.post('/detokenize', async (request, reply) => {
    const {body, ignored} = checkDetokenize(request.body)
    const {graph} = await findModel(serving, body.model)
    const content = await inTurn(reply, () => backend.detokenize(graph, body.tokens))
    return await reply.headers(headersFor(ignored)).send({content})
  })
}

function headersFor(ignored: readonly string[]): Record<string, string> {
  const header = ignoredHeader(ignored)
  return header === '' ? {} : {'x-wnn-ignored-fields': header}
}
