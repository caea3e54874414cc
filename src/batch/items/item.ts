import type {RuntimeOptions} from '../../config/index.js'
import type {NnError} from '../../errors.js'
import type {EmbeddingsRequest} from '../../openai/embeddings.js'
import type {CompletionRequest} from '../../openai/respond.js'

/** One item of a batch: ready to be answered, or its error. */
export interface BatchItem {
  /** As for `InputRecord`; unique in an input. */
  line: number
  /** Its id, or the line number as text; `null` if it has no readable id, or another item has this one. */
  id: string | null
  /** The form of the item and of its row. */
  form: 'short' | 'openai'
  question: Asked | {fault: NnError}
}

/** The question. */
export type Asked = TextAsked | {embeddings: EmbeddingsRequest}

/** A prompt in its own conversation. */
export interface TextAsked {
  input: string
  options: RuntimeOptions
  /** How to write an answer in OpenAI's form. */
  shape?: CompletionRequest['shape']
}

/** Result of reading an item in one form. */
export interface Reading {
  /** `undefined` if it has none, `null` if it has one that cannot be read. */
  id: string | null | undefined
  form: BatchItem['form']
  question: Asked | {fault: NnError}
}
