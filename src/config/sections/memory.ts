import {Type, type Static} from '../../documents/index.js'

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
    max_cache_tokens: Type.Union([Type.Integer({minimum: 0, maximum: 1_000_000_000}), Type.Literal('auto')], {
      default: 'auto',
      unit: 'tokens',
      description:
        'Tokens of conversations that have lost their slots and whose caches are kept in files, all together; 0 keeps none, `auto` as many as `max_cache_mb` holds. What is in a slot does not count.',
    }),
    max_cache_mb: Type.Union([Type.Integer({minimum: 0, maximum: 16_777_216}), Type.Literal('auto')], {
      default: 'auto',
      unit: 'MiB',
      description:
        'Size of these files; `auto` is an eighth of the memory, at most 8192, and at most half of what is free where they are.',
    }),
    max_cache_age_ms: Type.Integer({
      default: 86_400_000,
      minimum: 0,
      maximum: 31_536_000_000,
      unit: 'ms',
      description: 'A saved cache that nobody has used for this long is removed; 0 is no limit.',
    }),
    cache_strategy: Type.Enum(['lru', 'fifo', 'smart'], {
      default: 'lru',
      description:
        'Which saved cache is evicted first: `lru` the longest unused, `fifo` the oldest conversation, `smart` the one that is least likely to be asked for, by how often it was.',
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
      description: 'Share of `max_memory_mb` from which saved caches are evicted.',
    }),
    max_memory_mb: Type.Integer({
      default: 0,
      minimum: 0,
      maximum: 16_777_216,
      unit: 'MiB',
      description: 'Memory for all models and caches together; a model that cannot fit is refused. 0 is no limit.',
    }),
    enable_partial_cache_deletion: Type.Boolean({
      default: true,
      description:
        'A cache may lose its end alone, where a prompt differs from it or it is too long to be saved; off, it goes as a whole.',
    }),
  },
  {description: 'What happens to the KV cache: of long conversations, of idle sessions, and when memory runs short.'},
)
export type MemoryConfig = Static<typeof memory>
