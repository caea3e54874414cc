import {Type, type Static} from '../../../documents/index.js'
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
    token_gap_ms: Type.Integer({
      default: 750,
      minimum: 0,
      maximum: 60_000,
      unit: 'ms',
      description:
        'A gap between two tokens that nobody minds. Beside running answers, prompts are evaluated for as long as the answers take themselves, so that a gap at most doubles, or until this gap is used up.',
    }),
  },
  {description: 'How the requests of several contexts are put together.'},
)
export type PerformanceConfig = Static<typeof performance>
