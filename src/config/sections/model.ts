import {Type, type Static} from '../../documents/index.js'
import {batchSize} from './batch-size.js'
import {templateVariables} from './template-variables.js'

const cacheType = (what: string) =>
  Type.Enum(['f32', 'f16', 'bf16', 'q8_0', 'q4_0', 'q4_1', 'iq4_nl', 'q5_0', 'q5_1'], {
    default: 'f16',
    description: `Precision of the ${what} in the KV cache. Quantized types save memory and cost some quality.`,
  })

export const model = Type.Object(
  {
    n_gpu_layers: Type.Union(
      [Type.Integer({minimum: 0, maximum: 1_000_000}), Type.Literal('auto'), Type.Literal('max')],
      {
        default: 0,
        description:
          'Layers on the GPU: `max`, or more than the model has, is all of them; `auto` is as many as fit. Without a GPU there is a warning, and the CPU is used.',
      },
    ),
    ctx_size: Type.Integer({
      default: 2048,
      minimum: 16,
      // llama.cpp allocates whatever it is asked for.
      maximum: 1_048_576,
      unit: 'tokens',
      description: 'Context size of each session: history, prompt and answer together.',
    }),
    n_predict: Type.Integer({
      default: 512,
      minimum: -1,
      maximum: 1_048_576,
      unit: 'tokens',
      description: 'Maximum length of an answer; -1 continues until the context is full.',
    }),
    batch_size: batchSize(
      'Maximum number of tokens in one decode step. `auto` is 512 on the CPU, and 2048 with layers on a GPU.',
    ),
    threads: Type.Integer({minimum: 1, maximum: 512, description: 'Number of CPU threads.'}),
    use_mmap: Type.Boolean({
      default: true,
      description:
        'Maps the model file into memory instead of reading it, which starts faster and shares the memory between processes.',
    }),
    use_mlock: Type.Boolean({
      default: false,
      description: 'Locks the model in RAM, so that the system cannot swap it out.',
    }),
    numa: Type.Enum(['disabled', 'distribute', 'isolate', 'numactl', 'mirror'], {
      default: 'disabled',
      description: 'Placement of threads and memory on machines with several NUMA nodes.',
    }),
    flash_attention: Type.Union([Type.Literal('auto'), Type.Boolean()], {
      default: 'auto',
      description: 'Flash attention, which needs less memory; `auto` uses it if the hardware and the model support it.',
    }),
    cache_type_k: cacheType('keys'),
    cache_type_v: cacheType('values'),
    parallel: Type.Union([Type.Integer({minimum: 1, maximum: 256}), Type.Literal('auto')], {
      default: 'auto',
      description: 'Number of decode slots: sequences that are decoded together. More contexts than that take turns.',
    }),
    prompt_mode: Type.Enum(['chat', 'raw'], {
      default: 'chat',
      description: "`chat` applies the model's template and keeps the history; `raw` evaluates the prompt as it is.",
    }),
    chat_template: Type.Union([Type.String(), Type.Null()], {
      default: null,
      description:
        "A chat template in Jinja that replaces the one in the model file; `chatml` is the format of that name. Null is the file's own, or ChatML if it has none.",
    }),
    template_variables: templateVariables(
      'Variables for the chat template, by name; what they do depends on the template.',
    ),
  },
  {description: 'How a model is loaded, and the size and number of its contexts.'},
)
export type ModelConfig = Static<typeof model>
