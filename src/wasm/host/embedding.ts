import {NnError} from '../../errors.js'
import type {GuestContext} from './guest-objects.js'
import type {NnBackend} from './nn-backend.js'

/** Euclidean, which is also what the backend returns. */
const defaultNorm = 2

/** Embeds the prompt of a context, and keeps the result as WasmEdge's JSON text. */
export async function embedPrompt(backend: NnBackend, context: GuestContext, signal: AbortSignal): Promise<void> {
  const {graph, prompt, options} = context
  if (prompt === undefined) throw new NnError('invalid_argument', 'The context has no input.')
  const norm = (options['embd-normalize'] as number | undefined) ?? defaultNorm
  if (norm === -1) {
    throw new NnError('unsupported_operation', 'embd-normalize -1 is not supported: embeddings are unit vectors here.')
  }
  const {tokens} = await backend.core.tokenize(graph.id, prompt, {addSpecial: true})
  const most = (options['batch-size'] as number | undefined) ?? graph.batchSize
  if (tokens.length > most) {
    throw new NnError('prompt_too_long', `The text has ${tokens.length} tokens; batch-size is ${most}.`)
  }
  const {vectors, tokens: counted} = await backend.core.embed(graph.id, [prompt], {signal})
  const [vector = new Float32Array()] = vectors
  context.embedding = {text: embeddingText(vector, norm), tokens: counted}
}

/** `{"n_embedding": 3, "embedding": [x,y,z]}` with ten significant digits. */
export function embeddingText(vector: Float32Array, norm: number): string {
  const size = sizeBy(vector, norm) || 1
  const numbers = Array.from(vector, (value) => String(Number((value / size).toPrecision(10))))
  return `{"n_embedding": ${vector.length}, "embedding": [${numbers.join(',')}]}`
}

/**
 * What a vector is divided by: 0 is llama.cpp's scale of 16-bit integers by the largest element, 1 the sum of the
 * elements, n the p-norm.
 */
function sizeBy(vector: Float32Array, norm: number): number {
  if (norm === 0) return vector.reduce((most, value) => Math.max(most, Math.abs(value)), 0) / 32_760
  const sum = vector.reduce((total, value) => total + Math.abs(value) ** norm, 0)
  return sum ** (1 / norm)
}
