import {Type, type Static} from '../../documents/index.js'

/** A token by its id, or a text by all its tokens. */
export const tokenOrText = Type.Union([Type.Integer({minimum: 0}), Type.String({minLength: 1})])

export const sampling = Type.Object(
  {
    temp: Type.Number({
      default: 0.7,
      apiDefault: 1,
      minimum: 0,
      maximum: 100,
      description: 'Temperature: higher values give more varied text; 0 always takes the most likely token.',
    }),
    top_p: Type.Number({
      default: 0.95,
      apiDefault: 1,
      minimum: 0,
      maximum: 1,
      description: 'Keeps the most likely tokens that together reach this probability; 1 is off.',
    }),
    top_k: Type.Integer({
      default: 40,
      minimum: -1,
      maximum: 1_000_000,
      unit: 'tokens',
      description: 'Keeps this many of the most likely tokens; 0 and -1 are off.',
    }),
    min_p: Type.Number({
      default: 0.05,
      minimum: 0,
      maximum: 1,
      description: 'Drops tokens less likely than this share of the most likely one; 0 is off.',
    }),
    typical_p: Type.Number({
      default: 1,
      exclusiveMinimum: 0,
      maximum: 1,
      description:
        'Locally typical sampling: keeps the tokens whose surprise is closest to the expected one, up to this probability; 1 is off.',
    }),
    repeat_penalty: Type.Number({
      default: 1.1,
      apiDefault: 1,
      exclusiveMinimum: 0,
      maximum: 100,
      description: 'Repetition penalty: divides the score of recent tokens; 1 is off.',
    }),
    presence_penalty: Type.Number({
      default: 0,
      minimum: -100,
      maximum: 100,
      description: 'Presence penalty: subtracted from the score of each recent token; 0 is off.',
    }),
    frequency_penalty: Type.Number({
      default: 0,
      minimum: -100,
      maximum: 100,
      description: 'Frequency penalty: subtracted from the score of a recent token once per occurrence; 0 is off.',
    }),
    penalty_last_n: Type.Integer({
      default: 64,
      minimum: -1,
      maximum: 1_048_576,
      unit: 'tokens',
      description: 'Number of recent tokens for the three penalties; -1 is the whole context, 0 turns them off.',
    }),
    mirostat: Type.Integer({
      default: 0,
      minimum: 0,
      maximum: 2,
      description:
        'Version of Mirostat, which aims at a constant surprise and replaces `top_k`, `top_p` and similar samplers; 0 is off.',
    }),
    mirostat_tau: Type.Number({
      default: 5,
      minimum: 0,
      maximum: 100,
      unit: 'bits',
      description: 'Target surprise of Mirostat.',
    }),
    mirostat_eta: Type.Number({
      default: 0.1,
      minimum: 0,
      maximum: 10,
      description: 'Learning rate of Mirostat.',
    }),
    seed: Type.Integer({
      default: -1,
      minimum: -1,
      maximum: 4_294_967_294,
      description: 'Seed of the random numbers: the same seed gives the same text; -1 takes a new seed each time.',
    }),
    dry_multiplier: Type.Number({
      default: 0,
      minimum: 0,
      maximum: 100,
      description: 'Strength of the DRY penalty against repeated passages; 0 is off.',
    }),
    dry_base: Type.Number({
      default: 1.75,
      minimum: 1,
      maximum: 100,
      description: 'Growth of the DRY penalty with each further repeated token.',
    }),
    dry_allowed_length: Type.Integer({
      default: 2,
      minimum: 0,
      maximum: 1_048_576,
      unit: 'tokens',
      description: 'Longest repetition without a DRY penalty.',
    }),
    dry_penalty_last_n: Type.Integer({
      default: -1,
      minimum: -1,
      maximum: 1_048_576,
      unit: 'tokens',
      description: 'Number of recent tokens for DRY; -1 is the whole context, 0 turns it off.',
    }),
    dry_sequence_breakers: Type.Array(Type.String({minLength: 1}), {
      default: ['\n', ':', '"', '*'],
      maxItems: 256,
      description: 'Texts at which a repeated passage ends for DRY.',
    }),
    dynatemp_range: Type.Number({
      default: 0,
      minimum: 0,
      maximum: 100,
      description:
        'Dynamic temperature: how far it may differ from `temp`, depending on how certain the model is; 0 is off.',
    }),
    dynatemp_exponent: Type.Number({
      default: 1,
      minimum: 0,
      maximum: 100,
      description: 'Curve between certainty and the dynamic temperature.',
    }),
    n_probs: Type.Integer({
      default: 0,
      minimum: 0,
      maximum: 1000,
      unit: 'tokens',
      description: 'Reports the probabilities of each token and of this many alternatives; 0 is off.',
    }),
    min_keep: Type.Integer({
      default: 1,
      minimum: 0,
      maximum: 1_000_000,
      unit: 'tokens',
      description: 'Minimum number of tokens that each sampler keeps.',
    }),
    grammar: Type.String({default: '', description: 'A GBNF grammar that the answer follows; empty is none.'}),
    json_schema: Type.Union([Type.Unsafe<Record<string, unknown>>({type: 'object'}), Type.Null()], {
      default: null,
      description: 'A JSON Schema that the answer, which is then JSON, follows.',
    }),
    logit_bias: Type.Array(Type.Tuple([tokenOrText, Type.Union([Type.Number(), Type.Literal(false)])]), {
      default: [],
      description: 'Pairs of a token (id or text) and the value that is added to its score; `false` forbids the token.',
    }),
    ignore_eos: Type.Boolean({default: false, description: 'Continues when the model would end its answer.'}),
  },
  {description: 'How each token is chosen.'},
)
export type SamplingConfig = Static<typeof sampling>
