import type {Config} from '../../../../config/index.js'
import type {Addon, AddonContext} from '../addon-types.js'
import {NnError} from '../../../../errors.js'
import type {EngineModel} from '../model.js'
import {Pace} from '../prompt/pace.js'
import {Bans} from './bans.js'
import {ChainSampler} from './chain.js'
import type {Grammars} from './grammars.js'
import {NativeSampler} from './native.js'
import type {Sampler, SamplingInput} from './sampler.js'

/**
 * What is added to the logit of a banned end token while a grammar is followed: it is less likely than any other token,
 * and is chosen only when the grammar allows nothing else.
 */
const lastResort = -1e9

export interface SamplerRequest {
  sampling: Config['sampling']
  forbidden: Config['stopping']['forbidden_tokens']
  ignoreEos: boolean
  seed: number
  contextSize: number
  recent: () => readonly number[]
}

/** @throws `invalid_argument` for a grammar or a schema that cannot be followed, or a token that the model does not have. */
export async function createSampler(
  addon: Addon,
  context: AddonContext,
  model: EngineModel,
  grammars: Grammars,
  request: SamplerRequest,
): Promise<Sampler> {
  const {sampling, contextSize} = request
  const grammar = await grammars.follow(sampling)
  const ban = (token: number): number => (grammar !== undefined && model.isEog(token) ? lastResort : -Infinity)
  const input: SamplingInput = {
    addon,
    model,
    sampling,
    seed: request.seed,
    recent: request.recent,
    repeatWindow: sampling.penalty_last_n < 0 ? contextSize : sampling.penalty_last_n,
    bias: await biases(model, sampling.logit_bias, ban),
    bans: bansOf(model, request),
    ban,
    grammar,
  }
  return needsChain(sampling) ? new ChainSampler(context, input) : new NativeSampler(context, input)
}

/** Whether a setting needs a sampler that the binding does not offer. */
function needsChain(sampling: Config['sampling']): boolean {
  return (
    sampling.n_probs > 0 ||
    (sampling.temp > 0 &&
      (sampling.typical_p < 1 || sampling.mirostat !== 0 || sampling.dynatemp_range > 0 || sampling.min_keep > 1)) ||
    (sampling.dry_multiplier > 0 && sampling.dry_penalty_last_n !== 0)
  )
}

async function biases(
  model: EngineModel,
  entries: Config['sampling']['logit_bias'],
  ban: SamplingInput['ban'],
): Promise<Map<number, number>> {
  const pace = new Pace()
  const bias = new Map<number, number>()
  for (const [what, value] of entries) {
    const tokens = typeof what === 'number' ? [checkToken(model, what, 'logit_bias')] : model.tokenize(what)
    if (pace.isDue) await pace.pause()
    for (const token of tokens) bias.set(token, value === false ? ban(token) : value)
  }
  return bias
}

function bansOf(model: EngineModel, {forbidden, ignoreEos}: SamplerRequest): Bans {
  const tokens = forbidden.filter((entry) => typeof entry === 'number')
  const texts = forbidden.filter((entry) => typeof entry === 'string')
  for (const token of tokens) checkToken(model, token, 'forbidden_tokens')
  const always = ignoreEos ? [...tokens, ...model.endTokens] : tokens
  const sequences = texts.flatMap((text) => [model.tokenize(text), model.tokenize(` ${text}`)]).map((ids) => [...ids])
  return new Bans(always, texts, () => model.texts, sequences)
}

/** llama.cpp fails the whole batch on a token outside the vocabulary. */
function checkToken(model: EngineModel, token: number, key: string): number {
  if (Number.isInteger(token) && token >= 0 && token < model.vocabularySize) return token
  throw new NnError(
    'invalid_argument',
    `${key}: there is no token ${token}; the model has 0 to ${model.vocabularySize - 1}.`,
  )
}
