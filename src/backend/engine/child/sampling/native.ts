import {NnError} from '../../../../errors.js'
import type {AddonContext, AddonSampler, SamplerConfig} from '../addon-types.js'
import {lastTokens} from './penalties.js'
import type {Sampled, Sampler, SamplingInput} from './sampler.js'

/**
 * llama.cpp's own sampler chain: logit bias, penalties, top-k, top-p, min-p, temperature, draw. Configured once per
 * answer: its generator and its penalty window then live in native code and cost nothing per token.
 */
export class NativeSampler implements Sampler {
  private readonly sampler: AddonSampler
  private readonly config: SamplerConfig
  private banned: readonly number[] = []
  private excluded: ReadonlySet<number> = new Set()

  constructor(
    private readonly context: AddonContext,
    private readonly input: SamplingInput,
  ) {
    this.sampler = new input.addon.AddonSampler(input.model.native)
    this.config = nativeConfig(input)
    this.banned = input.bans.after('', input.recent)
    this.apply()
  }

  async next(logitIndex: number, answer: string): Promise<Sampled> {
    const banned = this.input.bans.after(answer, this.input.recent)
    if (banned !== this.banned) {
      this.banned = banned
      this.apply()
    }
    const token = await unlessRefused(this.context.sampleToken(logitIndex, this.sampler))
    // When every token is excluded, llama.cpp takes one of them.
    if (token < 0 || this.excluded.has(token) || this.passesUnread(token)) throw noToken()
    return {token}
  }

  /** A grammar allows no text with a NUL, but llama.cpp reads such a token as an empty one when it has taken it. */
  private passesUnread(token: number): boolean {
    const {grammar, model} = this.input
    return grammar !== undefined && model.text([token]).startsWith('\0')
  }

  private apply(): void {
    const bias = new Map(this.input.bias)
    for (const token of this.banned) bias.set(token, this.input.ban(token))
    this.excluded = new Set([...bias].flatMap(([token, value]) => (value === -Infinity ? [token] : [])))
    const {repeatWindow, recent} = this.input
    this.sampler.applyConfig({
      ...this.config,
      // The native window is compared with this one and kept when they agree.
      repeatPenaltyTokens: Uint32Array.from(lastTokens(recent(), repeatWindow)),
      tokenBiasKeys: Uint32Array.from(bias.keys()),
      tokenBiasValues: Float32Array.from(bias.values()),
    })
  }

  dispose(): void {
    this.sampler.dispose()
  }
}

function nativeConfig({sampling, seed, repeatWindow, grammar}: SamplingInput): SamplerConfig {
  return {
    temperature: sampling.temp,
    seed,
    // 0 would sort the whole vocabulary; an absent key leaves the sampler out.
    ...(sampling.top_k > 0 && {topK: sampling.top_k}),
    ...(sampling.top_p < 1 && {topP: sampling.top_p}),
    ...(sampling.min_p > 0 && {minP: sampling.min_p}),
    repeatPenalty: sampling.repeat_penalty,
    repeatPenaltyMaxTokens: repeatWindow,
    repeatPenaltyPresencePenalty: sampling.presence_penalty,
    repeatPenaltyFrequencyPenalty: sampling.frequency_penalty,
    ...(grammar && {grammarEvaluationState: grammar}),
  }
}

/** When the grammar excludes every token, llama.cpp takes one of them and then refuses it. */
export async function unlessRefused<Result>(sampled: Promise<Result>): Promise<Result> {
  try {
    return await sampled
  } catch (error) {
    if (String(error).includes('Unexpected empty grammar stack')) throw noToken(error)
    throw error
  }
}

export function noToken(cause?: unknown): NnError {
  return new NnError(
    'runtime_error',
    'No token is allowed next: the grammar, the forbidden tokens or the model exclude every token.',
    {
      hint: 'Check `grammar`, `json_schema`, `forbidden_tokens` and `logit_bias`.',
      cause,
    },
  )
}
