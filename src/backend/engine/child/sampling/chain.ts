import type {LikelyToken, TokenLogprob} from '../../../contract/types.js'
import type {AddonContext, AddonSampler} from '../addon-types.js'
import type {AllowedTokens} from './automaton/constraint.js'
import {draw, softmax, sortCandidates, type Candidate, type Candidates} from './candidates.js'
import {applyDry} from './dry.js'
import {minP, topK, topP, typicalP} from './filters.js'
import {Mirostat} from './mirostat.js'
import {noToken, tokenBiases} from './native.js'
import {applyPenalties, lastTokens} from './penalties.js'
import {seededRandom} from '../../../../system/random.js'
import type {Sampled, Sampler, SamplingInput} from './sampler.js'
import {applyDynamicTemperature} from './temperature.js'

/** How many candidates are fetched; the others have too little weight to matter. */
const candidateCount = 1000

/**
 * The samplers that the binding does not have, computed here on the candidates that the engine returns, in
 * llama.cpp's order: bias, penalties, DRY, top-k, typical-p, top-p, min-p, temperature, draw; with mirostat: bias,
 * penalties, DRY, temperature, mirostat.
 */
export class ChainSampler implements Sampler {
  private readonly random: () => number
  private readonly mirostat: Mirostat | undefined
  private readonly all: AddonSampler
  /** Gives the candidates that the grammar allows. */
  private readonly constrained: AddonSampler | undefined
  /** What `constrained` is configured for. */
  private allowed: AllowedTokens | undefined
  /** Tokens with a positive bias, which may matter at any rank. */
  private readonly raised: number[]

  constructor(
    private readonly context: AddonContext,
    private readonly input: SamplingInput,
  ) {
    const {sampling, addon, model} = input
    this.random = seededRandom(input.seed)
    const version = sampling.mirostat
    if (version === 1 || version === 2) {
      this.mirostat = new Mirostat(version, sampling.mirostat_tau, sampling.mirostat_eta, model.vocabularySize)
    }
    this.all = new addon.AddonSampler(model.native)
    // For log-probabilities the weight of the whole vocabulary is needed, and a token that is biased up may come from
    // anywhere in it; else a partial sort is enough.
    this.raised = [...input.bias].flatMap(([token, bias]) => (bias > 0 ? [token] : []))
    const sortsAll = sampling.n_probs > 0 || this.raised.length > 0
    this.all.applyConfig({temperature: 1, seed: 0, ...(!sortsAll && {topK: candidateCount})})
    if (input.grammar !== undefined) this.constrained = new addon.AddonSampler(model.native)
  }

  async next(logitIndex: number, answer: string): Promise<Sampled> {
    const {sampling, grammar} = this.input
    const free = await this.fetch(logitIndex, this.all, sampling.n_probs > 0)
    const allowed =
      grammar === undefined ? free.candidates : await this.fetchAllowed(logitIndex, await grammar.allowed())
    const token = this.choose(this.shape(allowed, answer))
    if (token === undefined) throw noToken()
    grammar?.accept(token)
    return sampling.n_probs > 0 ? {token, logprob: this.logprob(token, free)} : {token}
  }

  private async fetch(
    logitIndex: number,
    sampler: AddonSampler,
    weigh: boolean,
  ): Promise<{candidates: Candidate[]; logWeight: number}> {
    const top: [number[], false, false, false, number] = [this.raised, false, false, false, candidateCount]
    const [, , , flat = [], weight] = await this.context.sampleToken(logitIndex, sampler, false, false, top, weigh)
    // A biased token that is also among the top ones appears twice.
    const logits = new Map<number, number>()
    for (let i = 0; i + 1 < flat.length; i += 2) logits.set(flat[i] ?? -1, flat[i + 1] ?? -Infinity)
    const found = [...logits].map(([id, logit]) => ({id, logit})).filter(({logit}) => logit > -Infinity)
    const candidates = this.raised.length > 0 ? sortCandidates(found) : found
    // The weight is relative to the highest logit.
    return {candidates, logWeight: (candidates[0]?.logit ?? 0) + Math.log(weight ?? 1)}
  }

  private async fetchAllowed(logitIndex: number, allowed: AllowedTokens): Promise<Candidate[]> {
    if (this.constrained === undefined || allowed.count === 0) return []
    if (allowed !== this.allowed) {
      this.allowed = allowed
      this.constrained.applyConfig({temperature: 1, seed: 0, topK: candidateCount, ...tokenBiases(new Map(), allowed)})
    }
    return (await this.fetch(logitIndex, this.constrained, false)).candidates
  }

  private shape(candidates: Candidates, answer: string): Candidates {
    const {sampling, bias, bans, ban, recent, repeatWindow, model} = this.input
    const history = recent()
    const banned = new Set(bans.after(answer, () => history))
    const biased = sortCandidates(
      candidates
        .map(({id, logit}) => ({id, logit: logit + (banned.has(id) ? ban(id) : (bias.get(id) ?? 0))}))
        .filter(({logit}) => logit > -Infinity),
    )
    const penalized = applyPenalties(biased, lastTokens(history, repeatWindow), {
      repeat: sampling.repeat_penalty,
      presence: sampling.presence_penalty,
      frequency: sampling.frequency_penalty,
    })
    return applyDry(
      penalized,
      history,
      {
        multiplier: sampling.dry_multiplier,
        base: sampling.dry_base,
        allowedLength: sampling.dry_allowed_length,
        lastTokens: sampling.dry_penalty_last_n,
        breakers: sampling.dry_sequence_breakers,
      },
      (token) => model.texts[token] ?? '',
    )
  }

  private choose(candidates: Candidates): number | undefined {
    const {sampling} = this.input
    const warm = (list: Candidates): Candidates =>
      applyDynamicTemperature(list, {
        temperature: sampling.temp,
        range: sampling.dynatemp_range,
        exponent: sampling.dynatemp_exponent,
      })
    if (candidates.length === 0) return undefined
    if (this.mirostat !== undefined && sampling.temp > 0) return this.mirostat.sample(warm(candidates), this.random)
    const kept = filterCandidates(candidates, sampling)
    const final = warm(kept)
    return final[draw(softmax(final), this.random)]?.id
  }

  private logprob(token: number, {candidates, logWeight}: {candidates: Candidate[]; logWeight: number}): TokenLogprob {
    const {model, sampling} = this.input
    const entry = ({id, logit}: Candidate): LikelyToken => ({
      token: id,
      text: model.texts[id] ?? '',
      bytes: model.bytes(id),
      logprob: logit - logWeight,
    })
    const chosen = candidates.find(({id}) => id === token) ?? {id: token, logit: -Infinity}
    return {...entry(chosen), top: candidates.slice(0, sampling.n_probs).map(entry)}
  }

  dispose(): void {
    this.all.dispose()
    this.constrained?.dispose()
  }
}

/** The filters in llama.cpp's order. */
function filterCandidates(
  candidates: Candidates,
  {top_k, typical_p, top_p, min_p, min_keep}: SamplingInput['sampling'],
): Candidates {
  const keep = Math.max(1, min_keep)
  const first = topK(candidates, top_k, keep)
  return minP(topP(typicalP(first, typical_p, keep), top_p, keep), min_p, keep)
}
