import {ApiError, toApiError} from '../../openai/api-error.js'
import type {GraphStatus} from '../../backend/contract/status.js'
import type {BatchItem} from '../items/item.js'
import type {BatchAnswer} from '../model/answer-item.js'
import type {Ended} from '../run-batch.js'

const openAiId = /^batch_req_(\d+)$/

/** The result of an item as one JSON line; docs/reference/batch.md has the fields. */
export function renderRow(ended: Ended<BatchItem, BatchAnswer>, model: GraphStatus): string {
  return `${JSON.stringify(ended.item.form === 'openai' ? openAiRow(ended, model) : shortRow(ended))}\n`
}

function shortRow(ended: Ended<BatchItem, BatchAnswer>): object {
  const {id, line} = ended.item
  const {attempts, latencyMs} = ended
  if ('failure' in ended) {
    const {code, message, hint} = ended.failure
    // An invalid item was never tried.
    const tries = 'fault' in ended.item.question ? 0 : attempts
    return {id, line, error: {code, message, ...(hint !== undefined && {hint})}, attempts: tries}
  }
  if (!('text' in ended.answer)) throw new Error(`line ${line} has no text to write`)
  const {text, metadata} = ended.answer
  const {stop_reason, stopped_by, input_tokens, output_tokens, cached_tokens, dropped_messages, seed, logprobs} =
    metadata
  const {ttft_ms, prompt_ms, predict_ms} = metadata
  return {
    ...{id, line, text, stop_reason},
    ...(stopped_by !== undefined && {stopped_by}),
    usage: {input_tokens, output_tokens, cached_tokens, ...(dropped_messages !== undefined && {dropped_messages})},
    timings: roundAll({total_ms: latencyMs, ttft_ms, prompt_ms, predict_ms}),
    ...{seed, attempts},
    ...(logprobs !== undefined && {logprobs}),
  }
}

/** To microseconds. */
function roundAll(times: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(times).map(([name, ms]) => [name, Math.round(ms * 1000) / 1000]))
}

/** A line of an OpenAI batch output. Its id has the line number of the input. */
function openAiRow(ended: Ended<BatchItem, BatchAnswer>, model: GraphStatus): object {
  const {id: customId, line, question} = ended.item
  const row = {id: `batch_req_${line}`, custom_id: customId}
  if ('failure' in ended) {
    const {failure} = ended
    const error = failure.cause instanceof ApiError ? failure.cause : toApiError(failure)
    const response = {status_code: error.status, request_id: null, body: error.body}
    return {...row, response, error: {code: failure.code, message: failure.message}}
  }
  if ('embeddings' in ended.answer) {
    return {...row, response: {status_code: 200, request_id: null, body: ended.answer.embeddings}, error: null}
  }
  if (!('shape' in question)) throw new Error(`line ${line} has no answer to write`)
  const body = question.shape(model).whole(ended.answer)
  const response = {status_code: 200, request_id: (body as {id: string}).id, body}
  return {...row, response, error: null}
}

/** The item of a row: the line in the input, and whether it failed. */
export interface RowFacts {
  line: number
  failed: boolean
}

/** Parses a row; `undefined` if the text is not a row. */
export function readRow(text: string): RowFacts | undefined {
  const row = parseObject(text)
  if (row === undefined) return undefined
  const [, digits] = openAiId.exec(String(row['id'])) ?? []
  const line = 'custom_id' in row ? Number(digits) : row['line']
  if (typeof line !== 'number' || !Number.isSafeInteger(line) || line < 1) return undefined
  return {line, failed: row['error'] != null}
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value = JSON.parse(text) as unknown
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
