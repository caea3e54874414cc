import {applyRuntimeOptions, type RuntimeOptions} from '../../config/index.js'
import {NnError} from '../../errors.js'
import type {EmbeddingsRequest} from '../../openai/embeddings.js'
import type {InputRecord} from '../input/record.js'
import {IdTable} from './id-table.js'
import type {Asked, BatchItem, Reading} from './item.js'
import {isOpenAiForm, readOpenAiForm, type OpenAiFormContext} from './openai-form.js'
import {readShortForm, type ShortFormContext} from './short-form.js'

export interface ItemsContext extends ShortFormContext, OpenAiFormContext {
  /** Default options of items. */
  defaults: RuntimeOptions
  /** Default for items; absent: on for greedy ones. */
  deterministic: boolean | undefined
}

/** Checks records one by one. An invalid record becomes an item with an error and does not affect others. */
export async function* readItems(
  records: AsyncIterable<InputRecord>,
  context: ItemsContext,
): AsyncGenerator<BatchItem> {
  const ids = new IdTable()
  for await (const {line, content} of records) {
    const {id = String(line), form, question} = readContent(content, context)
    const earlier = ids.claim(id, line)
    yield {
      ...{line, id, form},
      question:
        earlier !== undefined
          ? repeated(id, earlier)
          : 'fault' in question
            ? question
            : applyDefaults(question, context),
    }
  }
}

function readContent(content: InputRecord['content'], context: ItemsContext): Reading {
  if ('fault' in content) {
    return {id: undefined, form: 'short', question: {fault: new NnError('invalid_argument', content.fault)}}
  }
  const {value} = content
  return isOpenAiForm(value, context.hasTemplate) ? readOpenAiForm(value, context) : readShortForm(content, context)
}

function repeated(id: string, line: number): {fault: NnError} {
  return {fault: new NnError('invalid_argument', `Line ${line} has the same id, ${JSON.stringify(id)}.`)}
}

function applyDefaults(question: Asked, {config, defaults, deterministic}: ItemsContext): Asked {
  if ('embeddings' in question) return {embeddings: withDefaults(question.embeddings, defaults)}
  const options = {...defaults, ...question.options}
  if (options.deterministic !== undefined) return {...question, options}
  const isGreedy = applyRuntimeOptions(config, options).sampling.temp === 0
  return {...question, options: {...options, deterministic: deterministic ?? isGreedy}}
}

function withDefaults(
  request: EmbeddingsRequest,
  {priority, timeout_ms: timeoutMs}: RuntimeOptions,
): EmbeddingsRequest {
  const defaults = {...(priority !== undefined && {priority}), ...(timeoutMs !== undefined && {timeoutMs})}
  return {...request, options: {...defaults, ...request.options}}
}
