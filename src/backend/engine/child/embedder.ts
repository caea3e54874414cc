import {NnError} from '../../../errors.js'
import {paddedContext} from '../../gguf/padded-context.js'
import type {Addon, AddonContext} from './addon-types.js'
import {cacheType} from './load.js'
import type {EngineModel} from './model.js'
import type {EngineOptions} from '../protocol.js'

/** llama.cpp's numbers for pooling over all tokens of a text, which must then be decoded in one go: mean and CLS. */
const wholeTextPoolings = [1, 2]

/**
 * Tokens of one decode where a text may be decoded in pieces. llama.cpp keeps the logits of every token of an embedding
 * context, so that larger ones cost memory: 256 of a vocabulary of 150,000 are 150 MB.
 */
const pieceTokens = 256

/** Runs a piece of work while nothing else computes. */
export type Exclusively = <Result>(work: () => Promise<Result>) => Promise<Result>

/** Vectors of texts, from a context of one sequence beside the one that generates; made for the first text. */
export class TextEmbedder {
  private context: Promise<AddonContext> | undefined
  private last: Promise<unknown> = Promise.resolve()

  constructor(
    private readonly addon: Addon,
    private readonly model: EngineModel,
    private readonly options: Pick<EngineOptions, 'model' | 'header'>,
    /** Most tokens of one decode. */
    private readonly mostTokens: number,
  ) {}

  /**
   * One text after the other.
   * @throws `invalid_argument` for a text without tokens, `prompt_too_long` for one longer than `ctx_size`,
   * `runtime_error` when there is no memory for the context.
   */
  embed(text: string, exclusively: Exclusively): Promise<{vector: Float32Array; tokens: number}> {
    const embedded = this.last.then(() => this.compute(text, exclusively))
    this.last = embedded.catch(() => undefined)
    return embedded
  }

  private async compute(text: string, exclusively: Exclusively): Promise<{vector: Float32Array; tokens: number}> {
    const tokens = await this.model.tokenizeWhole(text, false)
    const {ctx_size} = this.options.model
    if (tokens.length === 0)
      throw new NnError('invalid_argument', 'The text has no tokens.', {hint: 'Remove empty texts.'})
    if (tokens.length > ctx_size) {
      throw new NnError('prompt_too_long', `The text has ${tokens.length} tokens; the context size is ${ctx_size}.`, {
        hint: 'Raise model.ctx_size, or split the text.',
      })
    }
    this.context ??= exclusively(() => this.open()).catch((error: unknown) => {
      this.context = undefined
      throw error
    })
    const context = await this.context
    context.disposeSequence(0)
    for (let at = 0; at < tokens.length; at += this.batchSize) {
      await exclusively(() => decode(context, at, tokens.subarray(at, at + this.batchSize)))
    }
    return {vector: unitVector(context.getEmbedding(tokens.length)), tokens: tokens.length}
  }

  private get batchSize(): number {
    const {header, model} = this.options
    if (wholeTextPoolings.includes(header.pooling)) return paddedContext(model.ctx_size)
    return Math.min(pieceTokens, this.mostTokens)
  }

  private async open(): Promise<AddonContext> {
    const {model} = this.options
    const context = new this.addon.AddonContext(this.model.native, {
      contextSize: paddedContext(model.ctx_size),
      batchSize: this.batchSize,
      sequences: 1,
      flashAttention: model.flash_attention,
      threads: model.threads,
      kvCacheKeyType: cacheType(model.cache_type_k),
      kvCacheValueType: cacheType(model.cache_type_v),
      swaFullCache: true,
      embeddings: true,
    })
    if (await context.init()) return context
    throw new NnError('runtime_error', 'The context for embeddings could not be created.', {
      hint: 'It needs as much memory as one decode slot. Lower model.ctx_size or model.parallel.',
    })
  }
}

async function decode(context: AddonContext, at: number, tokens: Uint32Array): Promise<void> {
  context.initBatch(tokens.length)
  // All are outputs: pooling needs each token's, and llama.cpp takes them whether asked for or not.
  context.addToBatch(0, at, tokens, Uint32Array.from(tokens.keys()))
  await context.decodeBatch()
}

function unitVector(vector: Float64Array): Float32Array {
  const length = Math.hypot(...vector)
  // An infinite or empty vector has no direction.
  if (!Number.isFinite(length) || length === 0)
    throw new NnError('runtime_error', 'The model returned no usable vector.')
  return Float32Array.from(vector, (value) => value / length)
}
