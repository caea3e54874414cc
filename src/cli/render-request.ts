import type {AnswerRequest, RenderedPrompt} from '../backend/contract/core.js'
import {parseText} from '../documents/index.js'
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
  const given = files.messages === undefined ? {messages: []} : readJson('--messages', files.messages)
  const body = (Array.isArray(given) ? {messages: given as unknown[]} : given) as Record<string, unknown>
  const {messages = [], tools, chat_template_kwargs: kwargs} = body
  if (!Array.isArray(messages))
    throw new NnError('invalid_argument', `--messages: ${files.messages?.name} has no list of messages.`)
  const {input, options = {}} = readAsRequest({
    messages: [
      ...(system === undefined ? [] : [{role: 'system', content: system}]),
      ...(messages as unknown[]),
      ...(prompt === undefined ? [] : [{role: 'user', content: prompt}]),
    ],
    tools: files.tools === undefined ? tools : readJson('--tools', files.tools),
    chat_template_kwargs: {...(kwargs as object | undefined), ...readVariables(variables)},
  })
  return {input, options}
}

function readAsRequest(body: object): AnswerRequest {
  try {
    return readPromptRequest(body)
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    throw new NnError('invalid_argument', error.message, {cause: error})
  }
}

/** The tokens as lines: id, tab, and the text in quotes. */
export function renderTokens({tokens, pieces}: RenderedPrompt): string {
  const width = Math.max(...tokens.map((token) => String(token).length))
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
      return [name, value === '' ? '' : parseText(value).value]
    }),
  )
}
