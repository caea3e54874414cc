import {Type, type Static} from '../../documents/index.js'
import {batchSize} from './batch-size.js'

const cacheType = (what: string) =>
  Type.Enum(['f32', 'f16', 'bf16', 'q8_0', 'q4_0', 'q4_1', 'iq4_nl', 'q5_0', 'q5_1'], {
    default: 'f16',
    description: `Precision of the ${what} in the KV cache. The quantized ones save memory and cost some quality.`,
  })

export const model = Type.Object(
  {
    n_gpu_layers: Type.Union(
      [Type.Integer({minimum: 0, maximum: 1_000_000}), Type.Literal('auto'), Type.Literal('max')],
      {
        default: 0,
        description:
          'Layers on the GPU: `max` is all, as is any number above what the model has; `auto` as many as fit. Without a GPU there is a warning, and the CPU computes.',
      },
    ),
    ctx_size: Type.Integer({
      default: 2048,
      minimum: 16,
      // llama.cpp allocates whatever it is asked for.
      maximum: 1_048_576,
      unit: 'tokens',
      description: 'Context of each session: its history, the prompt and the answer together.',
    }),
    n_predict: Type.Integer({
      default: 512,
      minimum: -1,
      maximum: 1_048_576,
      unit: 'tokens',
      description: 'Longest answer; -1 goes on until the context is full.',
    }),
    batch_size: batchSize(
      'Most tokens that one step of the model evaluates. `auto` is 512 on the CPU, and 2048 where layers are on a GPU.',
    ),
    threads: Type.Integer({minimum: 1, maximum: 512, description: 'Threads that compute on the CPU.'}),
    use_mmap: Type.Boolean({
      default: true,
      description:
        'Maps the model file into memory instead of reading it: quicker to start, and shared between processes.',
    }),
    use_mlock: Type.Boolean({default: false, description: 'Keeps the model in RAM: the system may not swap it out.'}),
    numa: Type.Enum(['disabled', 'distribute', 'isolate', 'numactl', 'mirror'], {
      default: 'disabled',
      description: 'Where threads and memory go on machines with several NUMA nodes.',
    }),
    flash_attention: Type.Union([Type.Literal('auto'), Type.Boolean()], {
      default: 'auto',
      description: 'Attention that needs less memory; `auto` where the hardware and the model support it.',
    }),
    cache_type_k: cacheType('keys'),
    cache_type_v: cacheType('values'),
    parallel: Type.Union([Type.Integer({minimum: 1, maximum: 256}), Type.Literal('auto')], {
      default: 'auto',
      description: 'Sequences that are decoded together. Contexts beyond that number take turns.',
    }),
    prompt_mode: Type.Enum(['chat', 'raw'], {
      default: 'chat',
      description: "`chat` applies the model's template and keeps the history; `raw` evaluates the prompt as it is.",
    }),
  },
  {description: 'How a model is loaded, and what its contexts look like.'},
)
export type ModelConfig = Static<typeof model>
