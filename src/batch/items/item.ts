import type {RuntimeOptions} from '../../config/index.js'
import type {NnError} from '../../errors.js'
import type {EmbeddingsRequest} from '../../openai/embeddings.js'
import type {CompletionRequest} from '../../openai/respond.js'

/** One item of a batch, ready to be answered, or what is wrong with it. */
export interface BatchItem {
  /** As for `InputRecord`; tells the items of an input apart. */
  line: number
  /** Its own, or the line as text. */
  id: string
  /** How it was written, and its row is to be. */
  form: 'short' | 'openai'
  question: Asked | {fault: NnError}
}

/** What is asked. */
export type Asked = TextAsked | {embeddings: EmbeddingsRequest}

/** A text, in a conversation of its own. */
export interface TextAsked {
  input: string
  options: RuntimeOptions
  /** How an OpenAI answer is written. */
  shape?: CompletionRequest['shape']
}

/** What one form of writing items made of a value. */
export interface Reading {
  id: string | undefined
  form: BatchItem['form']
  question: Asked | {fault: NnError}
}
