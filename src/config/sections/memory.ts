import {Type, type Static} from '../../documents/index.js'

export const memory = Type.Object(
  {
    context_shifting: Type.Boolean({
      default: true,
      description:
        'A full context drops its oldest tokens and continues. Off: the answer ends with the error `context_full`.',
    }),
    cache_prompt: Type.Boolean({
      default: true,
      description: 'Evaluates only the part of a prompt that is not in the KV cache.',
    }),
    max_cache_tokens: Type.Union([Type.Integer({minimum: 0, maximum: 1_000_000_000}), Type.Literal('auto')], {
      default: 'auto',
      unit: 'tokens',
      description:
        'Number of tokens in saved caches, all together. A cache is saved to a file when its conversation loses its slot; tokens in a slot do not count. 0 saves none, `auto` as many as `max_cache_mb` allows.',
    }),
    max_cache_mb: Type.Union([Type.Integer({minimum: 0, maximum: 16_777_216}), Type.Literal('auto')], {
      default: 'auto',
      unit: 'MiB',
      description:
        'Size of all saved caches. `auto` is an eighth of the memory, at most 8192, and at most half of the free space of their disk.',
    }),
    max_cache_age_ms: Type.Integer({
      default: 86_400_000,
      minimum: 0,
      maximum: 31_536_000_000,
      unit: 'ms',
      description: 'A saved cache that was not used for this long is removed; 0 is no limit.',
    }),
    cache_strategy: Type.Enum(['lru', 'fifo', 'smart'], {
      default: 'lru',
      description:
        'Which saved cache is evicted first: `lru` the least recently used, `fifo` the oldest conversation, `smart` the one that is least likely to be used again, judged by how often it was used.',
    }),
    n_keep_tokens: Type.Integer({
      default: 128,
      minimum: 0,
      maximum: 1_048_576,
      unit: 'tokens',
      description:
        'Number of tokens at the start of a context that a context shift keeps: at most half of the context, and never less than the system prompt.',
    }),
    n_discard_tokens: Type.Integer({
      default: 256,
      minimum: 1,
      maximum: 1_048_576,
      unit: 'tokens',
      description: 'Number of tokens that one context shift drops; whole turns if possible.',
    }),
    memory_pressure_threshold: Type.Number({
      default: 0.8,
      minimum: 0,
      maximum: 1,
      description: 'Saved caches are evicted when this share of `max_memory_mb` is in use.',
    }),
    max_memory_mb: Type.Integer({
      default: 0,
      minimum: 0,
      maximum: 16_777_216,
      unit: 'MiB',
      description: 'Memory for all models and caches together. A model that does not fit is not loaded. 0 is no limit.',
    }),
    enable_partial_cache_deletion: Type.Boolean({
      default: true,
      description:
        'If a prompt differs from a cache, or a cache is too long to be saved, only its end is dropped. Off: the whole cache is dropped.',
    }),
  },
  {description: 'The KV cache: long conversations, idle sessions, and what happens when memory runs short.'},
)
export type MemoryConfig = Static<typeof memory>
