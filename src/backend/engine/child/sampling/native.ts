import {NnError} from '../../../../errors.js'
import type {AddonContext, AddonSampler, SamplerConfig} from '../addon-types.js'
import type {AllowedTokens} from './automaton/constraint.js'
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
  /** Whether it is configured for the tokens that a grammar allows at one place. */
  private isNarrow = false

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
    if (banned !== this.banned || this.isNarrow) {
      this.banned = banned
      this.apply()
    }
    const token = await this.sample(logitIndex)
    // When every token is excluded, llama.cpp takes one of them.
    if (token < 0 || this.excluded.has(token)) throw noToken()
    this.input.grammar?.accept(token)
    return {token}
  }

  /**
   * A token of the whole vocabulary if the grammar allows it, as it does most of the time. Otherwise one of those that it
   * allows, by the same logits.
   */
  private async sample(logitIndex: number): Promise<number> {
    const {grammar} = this.input
    const token = await this.context.sampleToken(logitIndex, this.sampler)
    if (grammar === undefined || grammar.allows(token)) return token
    const allowed = await grammar.allowed()
    if (allowed.count === 0) throw noToken()
    this.apply(allowed)
    const other = await this.context.sampleToken(logitIndex, this.sampler)
    if (!allowed.has(other)) throw noToken()
    return other
  }

  private apply(allowed?: AllowedTokens): void {
    const bias = new Map(this.input.bias)
    for (const token of this.banned) bias.set(token, this.input.ban(token))
    this.excluded = new Set([...bias].flatMap(([token, value]) => (value === -Infinity ? [token] : [])))
    this.isNarrow = allowed !== undefined
    const {repeatWindow, recent} = this.input
    this.sampler.applyConfig({
      ...this.config,
      // The native window is compared with this one and kept when they agree. A rejected token is only in the native one.
      repeatPenaltyTokens: Uint32Array.from(lastTokens(recent(), repeatWindow)),
      ...tokenBiases(bias, allowed),
    })
  }

  dispose(): void {
    this.sampler.dispose()
  }
}

function nativeConfig({sampling, seed, repeatWindow}: SamplingInput): SamplerConfig {
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
  }
}

/** Biases in the form of the addon; tokens that are not among the allowed ones are impossible. */
export function tokenBiases(
  bias: ReadonlyMap<number, number>,
  allowed: AllowedTokens | undefined,
): Pick<SamplerConfig, 'tokenBiasKeys' | 'tokenBiasValues'> {
  const others = allowed?.others() ?? new Uint32Array()
  const rest = [...bias].filter(([token]) => allowed?.has(token) !== false)
  const tokenBiasKeys = new Uint32Array(others.length + rest.length)
  const tokenBiasValues = new Float32Array(others.length + rest.length).fill(-Infinity, 0, others.length)
  tokenBiasKeys.set(others)
  for (const [index, [token, value]] of rest.entries()) {
    tokenBiasKeys[others.length + index] = token
    tokenBiasValues[others.length + index] = value
  }
  return {tokenBiasKeys, tokenBiasValues}
}

export function noToken(): NnError {
  return new NnError(
    'runtime_error',
    'No token is allowed next: the grammar, the forbidden tokens or the model exclude every token.',
    {hint: 'Check `grammar`, `json_schema`, `forbidden_tokens` and `logit_bias`.'},
  )
}
