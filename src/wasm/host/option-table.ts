type OptionType = 'boolean' | 'integer' | 'number' | 'string'

/** An option of WasmEdge's GGML plug-in. */
export interface GuestOption {
  types: readonly OptionType[]
  /** The setting of the configuration that it sets. Absent: it is checked, and has no such effect here. */
  sets?: `${'model' | 'memory' | 'sampling' | 'stopping'}.${string}`
  /** The value of the setting; `undefined` sets nothing. Defaults to the value of the option. */
  value?: (given: unknown) => unknown
  allowed?: readonly unknown[]
  minimum?: number
  /** The value is a path of the host. */
  isPath?: true
}

const boolean: GuestOption = {types: ['boolean']}
const integer: GuestOption = {types: ['integer']}
const number: GuestOption = {types: ['number']}
const string: GuestOption = {types: ['string']}
const path: GuestOption = {types: ['string'], isPath: true}

const cacheTypes = ['f32', 'f16', 'bf16', 'q8_0', 'q4_0', 'q4_1', 'iq4_nl', 'q5_0', 'q5_1']

/** llama.cpp's default seed, which asks for a random one. */
const randomSeed = 4_294_967_295

/** The special characters of a regular expression. */
const special = /[\\^$.*+?()[\]{}|/]/g

/**
 * The option names of WasmEdge's GGML plug-in, which guests pass as JSON, and the settings that they set.
 * docs/reference/run.md lists them; a test compares the page with this table.
 */
export const guestOptions: Readonly<Record<string, GuestOption>> = {
  // The call itself.
  'stream-stdout': boolean,
  embedding: boolean,
  'embd-normalize': {...integer, minimum: -1},

  // How the model is loaded.
  'n-gpu-layers': {...integer, sets: 'model.n_gpu_layers', value: (given) => ((given as number) < 0 ? 'max' : given)},
  'use-mmap': {...boolean, sets: 'model.use_mmap'},
  'use-mlock': {...boolean, sets: 'model.use_mlock'},
  'ctx-size': {...integer, sets: 'model.ctx_size'},
  'batch-size': {...integer, sets: 'model.batch_size', minimum: 1},
  threads: {...integer, sets: 'model.threads', minimum: 1},
  'flash-attn': {
    types: ['string', 'boolean'],
    sets: 'model.flash_attention',
    allowed: ['on', 'off', 'auto', true, false],
  },
  'cache-type-k': {...string, sets: 'model.cache_type_k', allowed: cacheTypes},
  'cache-type-v': {...string, sets: 'model.cache_type_v', allowed: cacheTypes},

  // The KV cache.
  'ctx-shift': {...boolean, sets: 'memory.context_shifting'},
  'n-keep': {
    ...integer,
    sets: 'memory.n_keep_tokens',
    value: (given) => ((given as number) < 0 ? undefined : given),
  },

  // How each token is chosen.
  temp: {...number, sets: 'sampling.temp'},
  'top-p': {...number, sets: 'sampling.top_p'},
  'top-k': {...integer, sets: 'sampling.top_k'},
  'min-p': {...number, sets: 'sampling.min_p'},
  'typ-p': {...number, sets: 'sampling.typical_p'},
  'repeat-penalty': {...number, sets: 'sampling.repeat_penalty'},
  'last-n-penalty': {...integer, sets: 'sampling.penalty_last_n'},
  'presence-penalty': {...number, sets: 'sampling.presence_penalty'},
  'frequency-penalty': {...number, sets: 'sampling.frequency_penalty'},
  seed: {...integer, sets: 'sampling.seed', value: (given) => (given === randomSeed ? -1 : given)},
  mirostat: {...integer, sets: 'sampling.mirostat'},
  'mirostat-eta': {...number, sets: 'sampling.mirostat_eta'},
  'dynatemp-range': {...number, sets: 'sampling.dynatemp_range'},
  'dynatemp-exponent': {...number, sets: 'sampling.dynatemp_exponent'},
  // WasmEdge's own spelling.
  'dry-multipier': {...number, sets: 'sampling.dry_multiplier'},
  'dry-base': {...number, sets: 'sampling.dry_base'},
  'dry-allowed-length': {...integer, sets: 'sampling.dry_allowed_length'},
  'dry-last-n-penalty': {...integer, sets: 'sampling.dry_penalty_last_n'},
  'n-probs': {...integer, sets: 'sampling.n_probs'},
  'min-keep': {...integer, sets: 'sampling.min_keep'},
  'ignore-eos': {...boolean, sets: 'sampling.ignore_eos'},
  grammar: {...string, sets: 'sampling.grammar'},
  'json-schema': {...string, sets: 'sampling.json_schema', value: parseSchema},

  // When the answer ends.
  'n-predict': {...integer, sets: 'model.n_predict', value: (given) => ((given as number) < 0 ? -1 : given)},
  // It stays part of the answer, as in llama.cpp; a text of `stopping.stop` would not.
  'reverse-prompt': {
    ...string,
    sets: 'stopping.patterns',
    value: (given) => (given === '' ? undefined : [(given as string).replaceAll(special, String.raw`\$&`)]),
  },

  // Without an effect here.
  ...each(boolean, 'enable-log', 'enable-debug-log', 'cpu-moe', 'warmup', 'check-tensors', 'no-kv-offload'),
  ...each(boolean, 'reranking', 'always-regenerate-image-embd'),
  'n-cpu-moe': {...integer, minimum: 0},
  'ubatch-size': {...integer, minimum: 1},
  'threads-batch': {...integer, minimum: 1},
  'split-mode': {...string, allowed: ['none', 'layer', 'row']},
  'tensor-split': string,
  ...each(integer, 'main-gpu', 'grp-attn-n', 'grp-attn-w', 'n-prev', 'yarn-orig-ctx'),
  ...each(number, 'rope-freq-base', 'rope-freq-scale', 'xtc-probability', 'xtc-threshold'),
  ...each(number, 'yarn-ext-factor', 'yarn-attn-factor', 'yarn-beta-fast', 'yarn-beta-slow'),
  ...each(integer, 'n-ctx-speculative', 'n-max-speculative', 'n-min-speculative', 'n-gpu-layers-speculative'),
  ...each(number, 'p-split-speculative', 'p-min-speculative'),

  // Not supported.
  tts: boolean,
  ...each(path, 'mmproj', 'image', 'model-vocoder', 'tts-output-file', 'tts-speaker-file'),
}

function each(option: GuestOption, ...names: string[]): Record<string, GuestOption> {
  return Object.fromEntries(names.map((name) => [name, option]))
}

/** A schema that is not JSON stays a text, which is not a valid setting. */
function parseSchema(given: unknown): unknown {
  if (given === '') return undefined
  try {
    return JSON.parse(given as string) as unknown
  } catch {
    return given
  }
}
