import {Type, type Static} from '../../documents/index.js'
import {tokenOrText} from './sampling.js'

export const stopping = Type.Object(
  {
    stop: Type.Array(Type.String({minLength: 1}), {
      default: [],
      maxItems: 256,
      description: 'The answer ends before the first of these texts.',
    }),
    max_tokens: Type.Integer({
      minimum: -1,
      maximum: 1_048_576,
      unit: 'tokens',
      description: 'Longest answer; -1 goes on until the context is full, 0 only evaluates the prompt.',
    }),
    max_time_ms: Type.Integer({
      default: 0,
      minimum: 0,
      maximum: 86_400_000,
      unit: 'ms',
      description: 'Longest time for the answer; what there is by then is kept. 0 is no limit.',
    }),
    ignore_eos: Type.Boolean({default: false, description: 'The same setting as `sampling.ignore_eos`.'}),
    patterns: Type.Array(Type.String({minLength: 1, format: 'regex'}), {
      default: [],
      maxItems: 256,
      description: 'Regular expressions as in JavaScript with the flag `u`; the answer ends after the first match.',
    }),
    max_repetition_count: Type.Integer({
      default: 0,
      minimum: 0,
      maximum: 1000,
      description: 'The answer ends when its last words have been repeated this often; 0 is off.',
    }),
    forbidden_tokens: Type.Array(tokenOrText, {
      default: [],
      description: 'Tokens, by id or text, that are never chosen.',
    }),
  },
  {description: 'When an answer ends, besides when the model ends it. The first criterion that is met wins.'},
)
export type StoppingConfig = Static<typeof stopping>
