import {Type, type Static} from '../../documents/index.js'
import {batchSize} from './batch-size.js'

export const performance = Type.Object(
  {
    batch_processing: Type.Boolean({
      default: true,
      description: 'Decodes the tokens of concurrent requests in one step. Off: one request at a time.',
    }),
    batch_size: batchSize('The same setting as `model.batch_size`.'),
    batch_timeout_ms: Type.Integer({
      default: 0,
      minimum: 0,
      maximum: 60_000,
      unit: 'ms',
      description: 'How long an idle engine waits after a request for other requests to join its first step.',
    }),
    prompt_lookup: Type.Union([Type.Boolean(), Type.Literal('auto')], {
      default: 'auto',
      description:
        'Guesses the next tokens of an answer from the text of its conversation and checks several in one step, if that makes answers faster. Answers stay the same, except for near ties. `auto` is on with layers on a GPU and off on the CPU, where it does not help.',
    }),
    token_gap_ms: Type.Integer({
      default: 750,
      minimum: 0,
      maximum: 60_000,
      unit: 'ms',
      description:
        'The longest gap between two tokens of an answer that the prompts of other requests may cause, at most once in 28 tokens. It is longer if a decode step of the answers alone takes more than half of it. Smaller values make answers smoother, and delay the first token of a long prompt.',
    }),
  },
  {description: 'How requests are batched.'},
)
export type PerformanceConfig = Static<typeof performance>
