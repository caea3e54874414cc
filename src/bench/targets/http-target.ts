import {NnError, toNnError} from '../../errors.js'
import {modelName} from '../../rpc/model-name.js'
import {PieceTimes} from '../piece-times.js'
import type {Subject} from '../result.js'
import type {Ask, Completion, Target} from '../target.js'
import {parseUrl, RefusedError, request, type Server} from './http-server.js'
import {sanitizeLine} from '../../terminal/sanitize.js'
import {readStream, type StreamEnd} from './http-stream.js'

export interface HttpOptions {
  url: string
  apiKey: string | undefined
  signal: AbortSignal
  now?: () => number
}

/** Fields beyond OpenAI's API; not sent to servers that reject unknown fields. */
const extras = {ignore_eos: true, repeat_penalty: 1}

/**
 * Any server over HTTP. Raw prompts go to `/v1/completions`, which applies no template. Chats go to
 * `/v1/chat/completions`.
 */
export class HttpTarget implements Target {
  /** Requests the server's models and a first token. @throws `not_running`, `runtime_error`, `invalid_argument` */
  static async open({url, apiKey, signal, now = () => performance.now()}: HttpOptions): Promise<HttpTarget> {
    const {base, model: wanted} = parseUrl(url)
    const server: Server = {base, apiKey}
    const model = await findModel(server, wanted, signal)
    const subject: Subject = {
      ...{
        name: `${sanitizeLine(modelName(model))} at ${new URL(base).host}`,
        kind: 'http',
        model: null,
        url: base,
        served_model: model,
      },
      ...{engine: null, settings: {}},
    }
    const target = new HttpTarget(server, model, subject, now)
    await target.findFields(signal)
    return target
  }

  private fields: object = extras

  private constructor(
    private readonly server: Server,
    private readonly model: string,
    readonly subject: Subject,
    private readonly now: () => number,
  ) {}

  async countTokens(text: string, signal: AbortSignal): Promise<number | null> {
    return (await this.complete({prompt: text, maxTokens: 1, signal})).prompt_tokens
  }

  async complete({prompt, history, session, maxTokens, signal, onText}: Ask): Promise<Completion> {
    const body = {
      ...(history === undefined ? {prompt} : {messages: [...history, {role: 'user', content: prompt}]}),
      ...(session !== undefined && {session_id: session}),
      model: this.model,
      max_tokens: maxTokens,
      temperature: 0,
      stream: true,
      stream_options: {include_usage: true},
      ...this.fields,
    }
    const times = new PieceTimes(this.now)
    const route = history === undefined ? '/completions' : '/chat/completions'
    const response = await request(this.server, route, {body, signal})
    if (response.body === null)
      throw new NnError('runtime_error', `${this.server.base} sent a response without a body.`)
    const end = await this.read(response.body, {times, signal, onText})
    const generated = countOf(end.usage?.completion_tokens)
    const dropped = countOf(end.usage?.prompt_tokens_details?.dropped_messages)
    if ((generated ?? times.count) === 0) {
      throw new NnError('runtime_error', `${this.server.base} sent an answer without tokens.`)
    }
    return {
      prompt_tokens: countOf(end.usage?.prompt_tokens) ?? null,
      cached_tokens: countOf(end.usage?.prompt_tokens_details?.cached_tokens ?? end.timings?.cache_n) ?? null,
      ...(dropped !== undefined && {dropped_messages: dropped}),
      generated_tokens: generated ?? times.count,
      counted: generated === undefined ? 'pieces' : 'usage',
      ended_early: (generated ?? times.count) < maxTokens,
      ...times.times(),
      engine_ms: engineTimes(end),
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve()
  }

  private async read(
    body: ReadableStream<Uint8Array>,
    {times, signal, onText}: {times: PieceTimes; signal: AbortSignal; onText: Ask['onText']},
  ): Promise<StreamEnd> {
    try {
      return await readStream(body, times, onText)
    } catch (error) {
      signal.throwIfAborted()
      const {message} = toNnError(error, 'runtime_error')
      // How fetch reports a reset connection.
      const what = message === 'terminated' ? 'The server closed the connection.' : message
      throw new NnError('runtime_error', `${this.server.base}: ${what}`, {cause: error})
    }
  }

  private async notThere(error: RefusedError, signal: AbortSignal): Promise<NnError> {
    const names = await listModels(this.server, signal)
    if (names.includes(this.model)) return error
    const has = names.length === 0 ? 'It lists none.' : `It has ${names.join(', ')}.`
    return new NnError('model_not_found', `${this.server.base} has no model ${this.model}.`, {cause: error, hint: has})
  }

  /** Finds out whether the server accepts fields beyond OpenAI's. */
  private async findFields(signal: AbortSignal): Promise<void> {
    const first = {prompt: 'Once', maxTokens: 1, signal}
    try {
      await this.complete(first)
    } catch (error) {
      if (error instanceof RefusedError && error.status === 404) throw await this.notThere(error, signal)
      if (!(error instanceof RefusedError) || (error.status !== 400 && error.status !== 422)) throw error
      this.fields = {}
      await this.complete(first)
    }
  }
}

/** Names of the models that a server lists. */
async function listModels(server: Server, signal: AbortSignal): Promise<string[]> {
  const response = await request(server, '/models', {signal})
  const answer = (await response.json().catch((error: unknown) => {
    throw new NnError('runtime_error', `${server.base}/models did not return JSON.`, {cause: error})
  })) as {data?: unknown} | null
  const data: unknown[] = Array.isArray(answer?.data) ? answer.data : []
  return data.flatMap((model) => {
    const {id} = (model ?? {}) as {id?: unknown}
    return typeof id === 'string' ? [id] : []
  })
}

async function findModel(server: Server, wanted: string | undefined, signal: AbortSignal): Promise<string> {
  if (wanted !== undefined) return wanted
  const names = await listModels(server, signal)
  const [only] = names
  if (only !== undefined && names.length === 1) return only
  throw new NnError(
    'invalid_argument',
    only === undefined
      ? `${server.base} has no model.`
      : `${server.base} has ${names.length} models: ${names.join(', ')}.`,
    {hint: 'Add the name to the URL: --url http://host:8080#name'},
  )
}

/** A server may send anything as a number of tokens. */
function countOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined
}

function engineTimes({timings}: StreamEnd): Completion['engine_ms'] {
  const {prompt_ms: prompt, predicted_ms: predict} = timings ?? {}
  return prompt === undefined || predict === undefined ? null : {prompt, predict}
}
