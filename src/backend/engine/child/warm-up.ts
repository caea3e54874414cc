import type {AddonContext} from './addon-types.js'
import type {EngineModel} from './model.js'

/**
 * Decodes one token and forgets it. The first decode reads the weights from the disk and fills llama.cpp's buffers;
 * doing that while the model loads keeps it from delaying the first answer. @throws what llama.cpp says
 */
export async function warmUp(context: AddonContext, {bos}: Pick<EngineModel, 'bos'>): Promise<void> {
  context.initBatch(1)
  context.addToBatch(0, 0, Uint32Array.of(Math.max(0, bos)), Uint32Array.of(0))
  await context.decodeBatch()
  context.disposeSequence(0)
}
