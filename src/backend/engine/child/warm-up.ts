import {nonsenseWarning} from '../../contract/nonsense.js'
import type {Addon, AddonContext} from './addon-types.js'
import type {EngineModel} from './model.js'

/** Tokens whose logits are looked at: a weight that is no number makes all logits so, or at least those of a row. */
const looksAt = 64

/**
 * Decodes one token and forgets it. The first decode reads the weights from the disk and fills llama.cpp's buffers;
 * doing that while the model loads keeps it from delaying the first answer.
 *
 * @returns warnings of a model whose weights are not numbers: llama.cpp computes with them, and the answers are empty
 * @throws what llama.cpp says
 */
export async function warmUp(
  addon: Addon,
  context: AddonContext,
  {bos, native, vocabularySize}: Pick<EngineModel, 'bos' | 'native' | 'vocabularySize'>,
): Promise<string[]> {
  context.initBatch(1)
  const [at = 0] = context.addToBatch(0, 0, Uint32Array.of(Math.max(0, bos)), Uint32Array.of(0))
  await context.decodeBatch()
  const sampler = new addon.AddonSampler(native)
  sampler.applyConfig({temperature: 0})
  const step = Math.max(1, Math.floor(vocabularySize / looksAt))
  const tokens = Array.from({length: Math.min(looksAt, vocabularySize)}, (_, index) => index * step)
  const logits = await context.sampleToken(at, sampler, false, false, [tokens, false, false, false, 0], false).then(
    ([, , , flat = []]) => flat.filter((_, index) => index % 2 === 1),
    // A model that only makes vectors has none.
    (): number[] => [],
  )
  sampler.dispose()
  context.disposeSequence(0)
  if (logits.length === 0) return []
  return logits.some((logit) => Number.isNaN(logit) || logit === Infinity) ||
    logits.every((logit) => logit === -Infinity)
    ? [
        `${nonsenseWarning}: its weights have values that are infinite or not a number (NaN), so answers are empty or random.`,
      ]
    : []
}
