import type {KeyName} from '../schema.js'

/** Other names of a key, in its section and at the top level. */
export const keyAliases: Readonly<Record<KeyName, readonly string[]>> = {
  'backend.auto_cleanup': ['auto_cleanup_enabled', 'auto_cleanup_sessions'],
  'model.ctx_size': ['n_ctx'],
  'model.batch_size': ['n_batch'],
  'model.threads': ['n_threads'],
  'model.flash_attention': ['flash_attn'],
  'sampling.temp': ['temperature'],
  'sampling.typical_p': ['typ_p'],
  'sampling.penalty_last_n': ['repeat_last_n', 'last_n_penalty'],
  // The spelling of WasmEdge and of guests written for it.
  'sampling.dry_multiplier': ['dry_multipier'],
  'sampling.n_probs': ['logprobs'],
  'stopping.stop': ['stop_sequences'],
  'memory.context_shifting': ['ctx_shift'],
  'memory.n_keep_tokens': ['n_keep'],
  'memory.cache_prompt': ['enable_token_cache_reuse'],
}

/** Other names of a section. */
export const sectionAliases: Readonly<Record<string, readonly string[]>> = {
  memory: ['memory_policy'],
  stopping: ['stopping_criteria'],
}

/** Shapes that the re-created system had for a key, at the top level and inside of the key's section. */
export const legacyShapes: Readonly<Record<KeyName, readonly string[]>> = {
  'stopping.patterns': ['grammar_triggers.patterns', 'token_filters.pattern_based_triggers'],
  'stopping.max_time_ms': ['timeout_config.max_inference_time_ms'],
  'stopping.max_repetition_count': ['semantic_stopping.max_repetition_count'],
  'stopping.forbidden_tokens': ['token_filters.forbidden_tokens'],
}

/**
 * Keys that are the same setting under two names. The first one wins, and both show its value; so does the flat key.
 */
export const twins: readonly (readonly [KeyName, KeyName])[] = [
  ['model.batch_size', 'performance.batch_size'],
  ['sampling.ignore_eos', 'stopping.ignore_eos'],
]

/** Names that a key has in runtime options alone. */
export const runtimeAliases: Readonly<Record<KeyName, readonly string[]>> = {
  // Guests written for WasmEdge limit the answer of a request with it.
  'stopping.max_tokens': ['n_predict'],
}

/** Other spellings of values, from llama.cpp. */
export const valueAliases: Readonly<Record<KeyName, readonly (readonly [written: unknown, meant: unknown])[]>> = {
  'model.n_gpu_layers': [[-1, 'max']],
  'model.flash_attention': [
    ['on', true],
    ['off', false],
  ],
}

/** The name of a key or section as the tables have it: `ctx-size` is `ctx_size`. */
export const normalizeName = (name: string): string => name.replaceAll('-', '_')
