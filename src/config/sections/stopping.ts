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
      description: 'Maximum length of an answer; -1 continues until the context is full, 0 only evaluates the prompt.',
    }),
    max_time_ms: Type.Integer({
      default: 0,
      minimum: 0,
      maximum: 86_400_000,
      unit: 'ms',
      description: 'Time limit of the answer; the text so far is kept. 0 is no limit.',
    }),
    ignore_eos: Type.Boolean({default: false, description: 'The same setting as `sampling.ignore_eos`.'}),
    patterns: Type.Array(Type.String({minLength: 1, format: 'regex'}), {
      default: [],
      maxItems: 256,
      description:
        'Regular expressions; the answer ends after the first match. The syntax is that of JavaScript with the flag `u`, without look-ahead, look-behind and back-references.',
    }),
    max_repetition_count: Type.Integer({
      default: 0,
      minimum: 0,
      maximum: 1000,
      description: 'The answer ends when its last words have been repeated this often; 0 is off.',
    }),
    forbidden_tokens: Type.Array(tokenOrText, {
      default: [],
      description: 'Tokens (id or text) that are never chosen.',
    }),
  },
  {description: 'When an answer ends, unless the model ends it earlier. The first criterion that is met ends it.'},
)
export type StoppingConfig = Static<typeof stopping>
