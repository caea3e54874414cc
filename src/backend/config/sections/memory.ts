import {Type, type Static} from '../../../documents/index.js'

export const memory = Type.Object(
  {
    context_shifting: Type.Boolean({
      default: true,
      description: 'A full context drops its oldest tokens and goes on; off, it is an error: `context_full`.',
    }),
    cache_prompt: Type.Boolean({
      default: true,
      description: 'Evaluates only the part of a prompt that the cache does not hold.',
    }),
    max_cache_tokens: Type.Integer({
      default: 10_000,
      minimum: 0,
      maximum: 1_000_000_000,
      unit: 'tokens',
      description: 'Tokens cached for idle sessions, all sessions together. Accepted, but without effect so far.',
    }),
    cache_strategy: Type.Enum(['lru', 'fifo', 'smart'], {
      default: 'lru',
      description:
        'Whose cache goes first: `lru` the longest unused, `fifo` the oldest, `smart` the cheapest to make again. So far it is `lru` whatever stands here.',
    }),
    n_keep_tokens: Type.Integer({
      default: 128,
      minimum: 0,
      maximum: 1_048_576,
      unit: 'tokens',
      description:
        'Tokens at the start of a context that shifting keeps: at most half of it, and never less than the system prompt.',
    }),
    n_discard_tokens: Type.Integer({
      default: 256,
      minimum: 1,
      maximum: 1_048_576,
      unit: 'tokens',
      description: 'Tokens that one shift drops; whole turns where there are such.',
    }),
    memory_pressure_threshold: Type.Number({
      default: 0.8,
      minimum: 0,
      maximum: 1,
      description: 'Share of `max_memory_mb` from which idle caches are given up. Accepted, but without effect so far.',
    }),
    max_memory_mb: Type.Integer({
      default: 0,
      minimum: 0,
      maximum: 16_777_216,
      unit: 'MiB',
      description: 'Memory for model and caches; a model that cannot fit is refused. 0 is no limit.',
    }),
    enable_partial_cache_deletion: Type.Boolean({
      default: true,
      description: 'A cache may lose its end alone; off, it goes as a whole. Accepted, but without effect so far.',
    }),
  },
  {description: 'What happens to the KV cache: of long conversations, of idle sessions, and when memory runs short.'},
)
export type MemoryConfig = Static<typeof memory>
