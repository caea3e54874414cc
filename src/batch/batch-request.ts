import type {Output} from '../terminal/style.js'
import type {ErrorLimit} from './error-limit.js'
import {formOf} from './input/open-input.js'
import {Notes} from './items/notes.js'
import type {ItemsContext} from './items/read-items.js'
import type {Template} from './items/template.js'
import type {PreparedModel} from './model/prepare-model.js'
import type {OutputOptions} from './output/batch-output.js'
import type {RunRecord} from './output/record-of-run.js'
import type {Order} from './turnstile.js'

export interface CheckRequest {
  /** A file, or `-` for standard input. */
  input: string
  /** Of the fields of a CSV file; absent: what the file says, or a comma. */
  delimiter: string | undefined
  prepared: PreparedModel
  template: Template | undefined
  /** Default for items; absent: on for greedy ones. */
  deterministic: boolean | undefined
  /** Only the first items, up to this number. */
  limit: number | undefined
  /** For messages. */
  messages: Output
  signal: AbortSignal
}

export interface BatchRequest extends CheckRequest {
  output: string
  how: OutputOptions
  /** Whether one unusable item prevents the start. */
  strict: boolean
  /** Absent: as many as the model has decode slots. */
  concurrency: number | undefined
  order: Order
  retries: number
  /** Time limit of an item that sets none, in milliseconds. */
  timeoutMs: number | undefined
  errorLimit: ErrorLimit | undefined
}

/** The context in which items are checked. `tell` gets notes for the user, each once. */
export function contextOf(
  {prepared, template, deterministic}: CheckRequest,
  tell: (text: string) => void,
  timeoutMs?: number,
): ItemsContext {
  const notes = new Notes(tell)
  return {
    ...{config: prepared.config, template, hasTemplate: template !== undefined, deterministic},
    defaults: {...prepared.defaults, ...(timeoutMs !== undefined && {timeout_ms: timeoutMs})},
    onUnused: (names) => notes.add('Ignored fields, which neither the template nor an option uses:', names),
    onIgnored: (names) => notes.add('Ignored fields:', names),
    onModel: (name) => {
      if (name !== prepared.name) notes.add(`All items are answered by ${prepared.name}, also those for`, [name])
    },
  }
}

/** Everything besides the input that decides the answers of a batch, for its record. */
export function settingsOf({input, delimiter, prepared, template, deterministic}: CheckRequest): RunRecord['settings'] {
  return {
    ...prepared.settings,
    ...{
      input_form: formOf(input),
      delimiter: delimiter ?? null,
      template: template?.sha256 ?? null,
      deterministic: deterministic ?? null,
    },
  }
}
