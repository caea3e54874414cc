import {createValidator, Type, type Static, type TSchema} from '../documents/index.js'

/** What is measured. A test is a workload with its sizes, as `pp512` or `tg128@d4096`. */
export const workloads = ['pp', 'tg', 'concurrency', 'prefix', 'load', 'switch', 'traffic'] as const
export type Workload = (typeof workloads)[number]

const closed = {additionalProperties: false}
const count = (description: string) => Type.Integer({minimum: 0, description})
const ms = (description: string) => Type.Number({unit: 'ms', description})
const orNull = <T extends TSchema>(schema: T, description: string) => Type.Union([schema, Type.Null()], {description})

const Summary = Type.Object(
  {
    n: count('How many values there are: one a repetition.'),
    median: Type.Number(),
    ci_low: Type.Number({description: 'Of the bootstrap confidence interval of the median.'}),
    ci_high: Type.Number(),
    p95: Type.Number(),
    min: Type.Number(),
    max: Type.Number(),
    mean: Type.Number(),
    stdev: Type.Number({description: 'Of the sample, divided by n - 1; 0 with a single value.'}),
  },
  {...closed, description: 'Statistics of the values of one metric.'},
)
export type Summary = Static<typeof Summary>

const Machine = Type.Object(
  {
    os: Type.String({description: 'As `linux 6.1.0 x64`.'}),
    cpu: Type.String(),
    cores: count('Logical cores that this process may use.'),
    memory_bytes: count('Memory of the machine.'),
    load_before: Type.Number({description: 'Load average of the last minute when the run began.'}),
    load_after: Type.Number({description: 'The same when it had ended; the run itself is in it.'}),
  },
  closed,
)

const ModelFile = Type.Object(
  {
    path: Type.String(),
    sha256: Type.String(),
    size_bytes: count('Size of the file.'),
    architecture: Type.String(),
    parameters: count('Weights of the model.'),
  },
  closed,
)
export type ModelFile = Static<typeof ModelFile>

const Subject = Type.Object(
  {
    name: Type.String({description: 'Unique in the result; the title of a column.'}),
    kind: Type.Enum(['local', 'daemon', 'http'], {
      description: 'An engine of its own, a model in the daemon, or a server over HTTP.',
    }),
    model: orNull(ModelFile, 'Null where the file is not known, as behind HTTP.'),
    url: orNull(Type.String(), 'Of a server over HTTP.'),
    served_model: orNull(Type.String(), 'What a server over HTTP calls its model.'),
    engine: orNull(
      Type.Object(
        {
          llama_build: Type.String({description: 'llama.cpp release.'}),
          llama_commit: Type.String(),
          gpu: orNull(Type.String(), 'Name of the GPU; null on the CPU.'),
          gpu_layers: count('Layers on the GPU, from llama.cpp itself.'),
          layers: count('Layers that the model has.'),
          threads: count('Threads on the CPU.'),
          ctx_size: count('Tokens of each context.'),
          batch_size: count('Tokens of one step.'),
          parallel: count('Decode slots.'),
        },
        closed,
      ),
      'Null behind HTTP, where it is not known.',
    ),
    settings: Type.Record(Type.String(), Type.Unknown(), {
      description: 'The configuration given for it, by full names as `model.threads`; defaults are left out.',
    }),
  },
  {...closed, description: 'What is measured: one column of the table.'},
)
export type Subject = Static<typeof Subject>

const Traffic = Type.Object(
  {
    arrivals: Type.Enum(['closed', 'together', 'poisson'], {
      description:
        '`closed`: each client sends its next request when its last one ends. `together`: all clients send at the same moment, in rounds. `poisson`: requests arrive at random times, whatever is running.',
    }),
    rate: Type.Optional(Type.Number({unit: 'requests/s', description: 'Of Poisson arrivals.'})),
    requests: count('Measured in a repetition.'),
    generate_tokens_min: count('Of the shortest answer; `generate_tokens` is the longest.'),
    conversations: Type.Optional(count('Chats; absent: raw prompts.')),
    turns: Type.Optional(count('Of each conversation.')),
    slo: Type.Optional(
      Type.Object(
        {
          ttft_ms: Type.Optional(ms('Most time to first token.')),
          itl_ms: Type.Optional(ms('Most mean inter-token latency of an answer.')),
        },
        {...closed, description: 'What goodput counts.'},
      ),
    ),
  },
  {...closed, description: 'How the requests of the workload `traffic` arrive.'},
)

const Test = Type.Object(
  {
    name: Type.String({description: 'Unique in the result, as `tg128@d4096`.'}),
    workload: Type.Enum([...workloads]),
    prompt_tokens: count('Tokens of the prompt behind the depth; 0 where there is none.'),
    generate_tokens: count('Tokens of each answer; 0 where there is none.'),
    depth: count('Tokens that the context holds before.'),
    concurrency: count('Streams at the same time; clients of a closed loop.'),
    traffic: Type.Optional(Traffic),
  },
  closed,
)
export type Test = Static<typeof Test>

const Request = Type.Object(
  {
    prompt_tokens: orNull(
      Type.Integer({minimum: 0}),
      'As the backend counted them; null where a server does not tell.',
    ),
    cached_tokens: orNull(
      Type.Integer({minimum: 0}),
      'Of the prompt, from a cache; null where the server does not tell.',
    ),
    generated_tokens: count('As `counted` says.'),
    counted: Type.Enum(['engine', 'usage', 'pieces'], {
      description:
        '`usage`: the server told. `pieces`: it did not, and each piece of text counts as a token, which may be too few.',
    }),
    ended_early: Type.Boolean({description: 'Fewer tokens came than were asked for.'}),
    start_ms: ms('When it was sent, from the start of its sample.'),
    ttft_ms: ms('From the request to the first text.'),
    total_ms: ms('From the request to the end of the answer.'),
    gaps_ms: Type.Array(Type.Number(), {description: 'Between arrivals of text: pieces that came at once are one.'}),
    pieces: count('Pieces of text.'),
    first_pieces: count('Those of the first arrival.'),
    engine_ms: orNull(
      Type.Object({prompt: Type.Number(), predict: Type.Number()}, closed),
      "The engine's own clock: the prompt, and from the first token to the last. tg and itl go by it where `counted` is `engine`.",
    ),
  },
  {...closed, description: 'One request, seen from the client.'},
)
export type RequestSample = Static<typeof Request>

const Sample = Type.Object(
  {
    subject: Type.String(),
    test: Type.String(),
    repetition: count('From 1 on; warm-up is not kept.'),
    at_ms: ms('When it began, from the start of the run.'),
    metrics: Type.Record(Type.String(), Type.Number(), {description: 'Metric → value of this repetition.'}),
    requests: Type.Array(Request, {description: 'Those that completed.'}),
    failures: Type.Optional(Type.Array(Type.String(), {description: 'Messages of requests that failed, of traffic.'})),
  },
  {...closed, description: 'One repetition, raw.'},
)
export type Sample = Static<typeof Sample>

const Ratio = Type.Object(
  {
    n: count('Rounds that both have a value of.'),
    ratio: Type.Number({description: 'The median of the ratios of the rounds.'}),
    ci_low: Type.Number({description: 'Of its bootstrap confidence interval.'}),
    ci_high: Type.Number(),
  },
  {...closed, description: 'A metric to that of another subject, round by round.'},
)
export type Ratio = Static<typeof Ratio>

const Series = Type.Object(
  {
    subject: Type.String({description: 'Name of the subject.'}),
    test: Type.String({description: 'Name of the test.'}),
    metric: Type.String({description: 'As `pp`, `tg`, `ttft`, `itl`; docs/bench.md defines each.'}),
    unit: Type.Enum(['tokens/s', 'ms', 'x', 'share', 'requests']),
    better: Type.Enum(['higher', 'lower']),
    values: Type.Array(Type.Number(), {description: 'One a repetition, in their order.'}),
    summary: Summary,
    to_first: orNull(Ratio, 'To the first subject; null for that itself, and where it lacks the metric.'),
  },
  {...closed, description: 'One metric of one test on one subject: a cell of the table.'},
)
export type Series = Static<typeof Series>

const Range = Type.Object({n: count('Values.'), median: Type.Number()}, closed)

export const verdicts = ['better', 'same', 'worse', 'inconclusive'] as const
const Verdict = Type.Object(
  {
    subject: Type.String(),
    test: Type.String(),
    metric: Type.String(),
    baseline: Range,
    current: Range,
    change: Type.Number({
      description:
        'Of the median to the baseline; within a run, of the ratio to the first subject. Turned so that more than 0 is better: -0.1 is 10 % worse.',
    }),
    ci_low: Type.Number({description: 'Of the confidence interval of the change.'}),
    ci_high: Type.Number(),
    verdict: Type.Enum([...verdicts]),
    reason: Type.String({description: 'One sentence.'}),
  },
  closed,
)
export type Verdict = Static<typeof Verdict>

const Comparison = Type.Object(
  {
    baseline: Type.String({description: 'The file, or the name of the first subject.'}),
    baseline_date: orNull(Type.String(), 'Of the earlier run; null within a run.'),
    max_regression: Type.Number({description: 'As a fraction: 0.05 is 5 %.'}),
    verdicts: Type.Array(Verdict),
    missing: Type.Array(Type.String(), {description: 'What only one of the two has, as `subject, test, metric`.'}),
  },
  {...closed, description: 'Against an earlier result, or against the first subject of the same run.'},
)
export type Comparison = Static<typeof Comparison>

const BenchResult = Type.Object(
  {
    format: Type.Literal('wnn-bench-1'),
    date: Type.String({description: 'Start of the run, ISO 8601.'}),
    duration_ms: ms('Of the whole run.'),
    complete: Type.Boolean({description: 'False when it was interrupted, or failed on the way.'}),
    incomplete_reason: orNull(Type.String(), 'Why it is not complete.'),
    command: Type.Array(Type.String(), {description: 'The command line, without keys.'}),
    versions: Type.Object(
      {
        wnn: Type.String(),
        node: Type.String(),
        node_llama_cpp: Type.String(),
        llama_cpp: orNull(Type.String(), 'Release of llama.cpp; null when only servers over HTTP were measured.'),
      },
      closed,
    ),
    machine: Machine,
    settings: Type.Object(
      {
        repetitions: count('Measured, of each test on each subject.'),
        warmup: count('Run before and not kept.'),
        seed: count('Of prompts and of the bootstrap.'),
        confidence: Type.Number({description: 'Of all intervals: 0.95.'}),
        resamples: count('Of the bootstrap.'),
      },
      closed,
    ),
    subjects: Type.Array(Subject),
    tests: Type.Array(Test),
    series: Type.Array(Series),
    samples: Type.Array(Sample),
    warnings: Type.Array(Type.String()),
    comparison: orNull(Comparison, 'Null without --baseline and --against-first.'),
  },
  {...closed, description: 'What `wnn bench` measured. Sizes are bytes, times milliseconds.'},
)

/** A result file of `wnn bench`, and what `--json` prints. */
export type BenchResult = Static<typeof BenchResult>

/** Checks that a value is a result of this version. */
export const checkResult = createValidator(BenchResult)
