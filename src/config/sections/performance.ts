import {Type, type Static} from '../../documents/index.js'
import {batchSize} from './batch-size.js'

export const performance = Type.Object(
  {
    batch_processing: Type.Boolean({
      default: true,
      description: 'Decodes the tokens of concurrent requests in one step; off, one request at a time.',
    }),
    batch_size: batchSize('The same setting as `model.batch_size`.'),
    batch_timeout_ms: Type.Integer({
      default: 0,
      minimum: 0,
      maximum: 60_000,
      unit: 'ms',
      description: 'How long an engine that has nothing to do waits, once a request has come, for others to join it.',
    }),
    prompt_lookup: Type.Union([Type.Boolean(), Type.Literal('auto')], {
      default: 'auto',
      description:
        'Guesses the next tokens of an answer from the text of its conversation and checks several in one step, where that makes answers quicker. Answers stay the same, up to near ties. `auto` is on with layers on a GPU and off on the CPU, where it does not pay.',
    }),
    token_gap_ms: Type.Integer({
      default: 750,
      minimum: 0,
      maximum: 60_000,
      unit: 'ms',
      description:
        'The longest gap between two tokens of an answer that prompts of other requests may cause, unless a step of the answers itself takes longer than half of it; at most once in 28 tokens. Smaller values make answers smoother, and the first token of a long prompt later.',
    }),
  },
  {description: 'How the requests of several contexts are put together.'},
)
export type PerformanceConfig = Static<typeof performance>
