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
  prepared: PreparedModel
  template: Template | undefined
  /** For items that do not say; absent: greedy ones are. */
  deterministic: boolean | undefined
  /** Only so many items, from the first on. */
  limit: number | undefined
  /** For people. */
  messages: Output
  signal: AbortSignal
}

export interface BatchRequest extends CheckRequest {
  output: string
  how: OutputOptions
  /** Whether one item that is not usable keeps all from starting. */
  strict: boolean
  /** Absent: as many as the model has decode slots. */
  concurrency: number | undefined
  order: Order
  retries: number
  /** Limit of an item that sets none, in milliseconds; absent: an hour. */
  timeoutMs: number | undefined
  errorLimit: ErrorLimit | undefined
}

/** What items are checked with. `tell` gets what people should know of them, once. */
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

/** What decides about the answers of a batch beside its input, for its record. */
export function settingsOf({input, prepared, template, deterministic}: CheckRequest): RunRecord['settings'] {
  return {
    ...prepared.settings,
    ...{input_form: formOf(input), template: template?.sha256 ?? null, deterministic: deterministic ?? null},
  }
}
