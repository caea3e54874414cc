import type {AnswerRequest, RenderedPrompt} from '../backend/contract/core.js'
import {DocumentError, parseText} from '../documents/index.js'
import {NnError} from '../errors.js'
import {ApiError} from '../openai/api-error.js'
import {readPromptRequest} from '../openai/prompt-routes.js'

export interface RenderFlags {
  prompt?: string | undefined
  system?: string | undefined
  /** Each is `name=value`, the value as in YAML. */
  variables: readonly string[]
  files: {
    messages: {name: string; text: string} | undefined
    tools: {name: string; text: string} | undefined
  }
}

/** The question whose prompt the flags ask for. @throws `invalid_argument` that names the flag. */
export function renderRequest({prompt, system, variables, files}: RenderFlags): AnswerRequest {
  if (prompt === undefined && files.messages === undefined) {
    throw new NnError('invalid_argument', 'There is no message.', {hint: 'Pass --prompt TEXT or --messages FILE.'})
  }
  const {messages, tools, kwargs} = readConversation(files.messages)
  const {input, options = {}} = readAsRequest({
    messages: [
      ...(system === undefined ? [] : [{role: 'system', content: system}]),
      ...messages,
      ...(prompt === undefined ? [] : [{role: 'user', content: prompt}]),
    ],
    tools: files.tools === undefined ? tools : readJson('--tools', files.tools),
    // The check of the request names what is no object.
    chat_template_kwargs: isObject(kwargs ?? {}) ? {...(kwargs as object), ...readVariables(variables)} : kwargs,
  })
  return {input, options}
}

/** What the file of `--messages` has: a list of messages, or a request. */
function readConversation(file: RenderFlags['files']['messages']): {
  messages: unknown[]
  tools?: unknown
  kwargs?: unknown
} {
  if (file === undefined) return {messages: []}
  const given = readJson('--messages', file)
  if (Array.isArray(given)) return {messages: given}
  const {messages, tools, chat_template_kwargs: kwargs} = isObject(given) ? given : {}
  if (Array.isArray(messages)) return {messages, tools, kwargs}
  throw new NnError('invalid_argument', `--messages: ${file.name} has no list of messages.`, {
    hint: 'It is a list of messages in JSON, or an object with such a list as "messages".',
  })
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function readAsRequest(body: object): AnswerRequest {
  try {
    return readPromptRequest(body)
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    throw new NnError('invalid_argument', error.message, {cause: error})
  }
}

/** The request for a model in raw mode. @throws `invalid_argument` for what raw prompts do not have. */
export function rawRequest({input, options = {}}: AnswerRequest): AnswerRequest {
  const {system_prompt: system = '', history, template_variables: variables = {}} = options
  if (system !== '' || (history?.length ?? 0) > 0 || Object.keys(variables).length > 0) {
    throw new NnError(
      'invalid_argument',
      'The model has prompt_mode raw: a prompt has one text, without system prompt, history, tools and variables.',
      {hint: 'Pass only --prompt, or set prompt_mode to chat.'},
    )
  }
  return {input, options: {prompt_mode: 'raw'}}
}

/** Variables, `tools` included, without which the prompt is the same. */
export async function unusedVariables(
  render: (request: AnswerRequest) => Promise<RenderedPrompt>,
  {input, options = {}}: AnswerRequest,
  text: string,
): Promise<string[]> {
  const variables = options.template_variables ?? {}
  const unused: string[] = []
  for (const name of Object.keys(variables)) {
    const others = Object.fromEntries(Object.entries(variables).filter(([other]) => other !== name))
    const without = await render({input, options: {...options, template_variables: others}})
    if (without.text === text) unused.push(name)
  }
  return unused
}

/** The tokens as lines: id, tab, and the text in quotes. */
export function renderTokens({tokens, pieces}: RenderedPrompt): string {
  const width = tokens.reduce((most, token) => Math.max(most, String(token).length), 0)
  return tokens
    .map((token, index) => `${String(token).padStart(width)}\t${JSON.stringify(pieces[index] ?? '')}\n`)
    .join('')
}

function readJson(flag: string, {name, text}: {name: string; text: string}): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new NnError('invalid_argument', `${flag}: ${name} is not valid JSON: ${(error as Error).message}`, {
      cause: error,
    })
  }
}

function readVariables(pairs: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const [, name = '', value = ''] = /^([^=]+)=(.*)$/s.exec(pair) ?? []
      if (name === '') throw new NnError('invalid_argument', `--variable takes name=value; got ${pair}.`)
      return [name, value === '' ? '' : readValue(name, value)]
    }),
  )
}

function readValue(name: string, value: string): unknown {
  try {
    return parseText(value).value
  } catch (error) {
    if (!(error instanceof DocumentError)) throw error
    const why = error.problems.map(({message}) => message).join(', ')
    throw new NnError('invalid_argument', `--variable ${name}: the value is not valid YAML: ${why}`, {
      hint: `Put a text into quotes, as in --variable '${name}="a: b"'.`,
      cause: error,
    })
  }
}
