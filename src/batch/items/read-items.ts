import {applyRuntimeOptions, type RuntimeOptions} from '../../config/index.js'
import {plainCopy, shorten, showValue, type NotPlain} from '../../documents/index.js'
import {NnError} from '../../errors.js'
import type {EmbeddingsRequest} from '../../openai/embeddings.js'
import type {InputRecord} from '../input/record.js'
import type {IdTable} from './id-table.js'
import type {Asked, BatchItem, Reading} from './item.js'
import {isOpenAiForm, readOpenAiForm, type OpenAiFormContext} from './openai-form.js'
import {readShortForm, type ShortFormContext} from './short-form.js'

export interface ItemsContext extends ShortFormContext, OpenAiFormContext {
  /** Default options of items. */
  defaults: RuntimeOptions
  /** Default for items; absent: on for greedy ones. */
  deterministic: boolean | undefined
}

/**
 * Checks records one by one. An invalid record becomes an item with an error and does not affect others. `ids` gets the
 * ids of the input. If it has those of an earlier reading of the same input, a line number is an id only where no item
 * has that id; else only items before it count.
 */
export async function* readItems(
  records: AsyncIterable<InputRecord>,
  context: ItemsContext,
  ids: IdTable,
): AsyncGenerator<BatchItem> {
  for await (const {line, content} of records) {
    const {id: own, form, question} = readContent(content, context)
    const id = own === undefined ? freeNumber(line, ids) : own
    // Of ids only those of the input are claimed: a line number must not keep an item from its answer.
    const earlier = own == null ? undefined : ids.claim(own, line)
    yield {
      ...{line, id, form},
      question:
        own != null && earlier !== undefined && earlier !== line
          ? repeated(own, earlier)
          : 'fault' in question
            ? question
            : applyDefaults(question, context),
    }
  }
}

function readContent(content: InputRecord['content'], context: ItemsContext): Reading {
  if ('fault' in content) {
    const {fault, hint, id = null} = content
    const error = new NnError('invalid_argument', fault, hint === undefined ? {} : {hint})
    return {id, form: 'short', question: {fault: error}}
  }
  const {value} = content
  const isOpenAi = isOpenAiForm(value, context.hasTemplate)
  const plain = plainCopy(value)
  // Before anything reads it recursively, or prints it.
  if ('message' in plain) return tooLarge(value, isOpenAi ? 'openai' : 'short', plain)
  return isOpenAiForm(value, context.hasTemplate) ? readOpenAiForm(value, context) : readShortForm(content, context)
}

/** An item that is nested too deeply or too large; its id can still be read. */
function tooLarge(value: unknown, form: Reading['form'], {path: [field], message}: NotPlain): Reading {
  const {id: own, custom_id: customId} = (value ?? {}) as {id?: unknown; custom_id?: unknown}
  const id = form === 'openai' ? customId : own
  const what = typeof field === 'string' ? `${shorten(field)}:` : 'The item'
  return {
    id: typeof id === 'string' && id !== '' ? id : id == null ? undefined : null,
    form,
    question: {fault: new NnError('invalid_argument', `${what} ${message}.`)},
  }
}

/** The line number as an id, if no item has it. */
function freeNumber(line: number, ids: IdTable): string | null {
  const id = String(line)
  return ids.lineOf(id) === undefined ? id : null
}

function repeated(id: string, line: number): {fault: NnError} {
  return {fault: new NnError('invalid_argument', `Line ${line} has the same id, ${showValue(id)}.`)}
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
