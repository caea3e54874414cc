import {NnError} from '../../errors.js'

/** Encodings that WasmEdge knows in `--nn-preload`. Only the first two load here. */
const encodings = [
  'ggml',
  'autodetect',
  'openvino',
  'onnx',
  'tensorflow',
  'pytorch',
  'pytorchaoti',
  'tensorflowlite',
  'neuralspeed',
  'whisper',
  'mlx',
  'piper',
  'chattts',
  'openvinogenai',
  'bitnet',
] as const
export type PreloadEncoding = (typeof encodings)[number]

const targets = ['cpu', 'gpu', 'tpu', 'auto'] as const
export type PreloadTarget = (typeof targets)[number]

/** A model that guests load by its name. */
export interface Preload {
  name: string
  encoding: PreloadEncoding
  target: PreloadTarget
  /** Path of the model on the host. */
  path: string
}

const example = 'Example: --nn-preload default:GGML:AUTO:model.gguf'

/**
 * Reads `NAME:ENCODING:TARGET:PATH`. Encoding and target may be in upper case. The path may have colons.
 *
 * @throws `invalid_argument` that names the part that is wrong.
 */
function parsePreload(text: string): Preload {
  const [, name = '', encoding = '', target = '', path = ''] = /^([^:]*):([^:]*):([^:]*):(.*)$/s.exec(text) ?? []
  const fail = (message: string): never => {
    throw new NnError('invalid_argument', `--nn-preload ${text}: ${message}`, {hint: example})
  }
  if (name === '' || path === '') return fail('expected NAME:ENCODING:TARGET:PATH.')
  return {
    name,
    encoding:
      encodings.find((one) => one === encoding.toLowerCase()) ??
      fail(`the encoding "${encoding}" is not one of ${encodings.join(', ')}.`),
    target:
      targets.find((one) => one === target.toLowerCase()) ??
      fail(`the target "${target}" is not one of ${targets.join(', ')}.`),
    path,
  }
}

/** Preloads by name. @throws `invalid_argument` for a name that is given twice. */
export function readPreloads(texts: readonly string[]): Map<string, Preload> {
  const preloads = new Map<string, Preload>()
  for (const preload of texts.map(parsePreload)) {
    if (preloads.has(preload.name)) {
      throw new NnError('invalid_argument', `--nn-preload: the name "${preload.name}" is given twice.`)
    }
    preloads.set(preload.name, preload)
  }
  return preloads
}
