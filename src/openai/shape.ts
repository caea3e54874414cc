import type {OutputMetadata, StopReason} from '../backend/contract/types.js'
import type {Answer} from '../backend/contract/core.js'

/** How one kind of completion writes its answers. */
export interface Shape {
  /** The whole answer as one object. */
  whole: (answer: Answer) => object
  /** The first event of a stream; may be empty. */
  first: string
  /** An event for a piece of text; created for every token, so it builds no objects. */
  piece: (text: string) => string
  /** The events after the last piece. */
  last: (metadata: OutputMetadata) => string
}

export interface Identity {
  id: string
  created: number
  model: string
  system_fingerprint: string
}

export function usage({input_tokens, output_tokens, cached_tokens, dropped_messages}: OutputMetadata): object {
  return {
    prompt_tokens: input_tokens,
    completion_tokens: output_tokens,
    total_tokens: input_tokens + output_tokens,
    prompt_tokens_details: {cached_tokens, ...(dropped_messages !== undefined && {dropped_messages})},
  }
}

/** `length` for answers that hit a limit, `stop` for complete ones. */
export function finishReason(reason: StopReason | null): 'stop' | 'length' {
  switch (reason) {
    case 'max_tokens':
    case 'max_time':
    case 'context_full':
    case 'aborted':
      return 'length'
    case 'end_of_sequence':
    case 'stop':
    case 'pattern':
    case 'repetition':
    case null:
      return 'stop'
  }
}

export function event(data: object): string {
  return `data: ${JSON.stringify(data)}\n\n`
}

export const lastEvent = 'data: [DONE]\n\n'

/** Events that differ in one text: `make` is called once, with a placeholder for the text. */
export function textEvents(make: (text: string) => object): (text: string) => string {
  const mark = '\uE0F2'
  const [before = '', after = ''] = event(make(mark)).split(JSON.stringify(mark))
  return (text) => before + JSON.stringify(text) + after
}
