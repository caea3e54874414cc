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
    n: count('Number of values: one per repetition.'),
    median: Type.Number(),
    ci_low: Type.Number({description: 'Bound of the bootstrap confidence interval of the median.'}),
    ci_high: Type.Number(),
    p95: Type.Number(),
    min: Type.Number(),
    max: Type.Number(),
    mean: Type.Number(),
    stdev: Type.Number({description: 'Sample standard deviation (divided by n - 1); 0 for a single value.'}),
  },
  {...closed, description: 'Statistics of the values of one metric.'},
)
export type Summary = Static<typeof Summary>

const Machine = Type.Object(
  {
    os: Type.String({description: 'Example: `linux 6.1.0 x64`.'}),
    cpu: Type.String(),
    cores: count('Logical cores that this process may use.'),
    memory_bytes: count('Memory of the machine.'),
    load_before: Type.Number({description: 'Load average of the last minute at the start of the run.'}),
    load_after: Type.Number({description: 'The same at the end of the run, which includes the run itself.'}),
  },
  closed,
)

const ModelFile = Type.Object(
  {
    path: Type.String({description: 'The model file; of a split model the first.'}),
    sha256: Type.String({description: 'Of the file; of a split model, of its files one after another.'}),
    size_bytes: count('Size of the model file; of a split model, of all its files.'),
    architecture: Type.String(),
    parameters: count('Number of weights.'),
  },
  closed,
)
export type ModelFile = Static<typeof ModelFile>

const Subject = Type.Object(
  {
    name: Type.String({description: 'Unique in the result; title of a column.'}),
    kind: Type.Enum(['local', 'daemon', 'http'], {
      description: 'A model that wnn bench loaded, a model in the daemon, or a server over HTTP.',
    }),
    model: orNull(ModelFile, 'Null if the file is unknown, for example of a server over HTTP.'),
    url: orNull(Type.String(), 'Address of a server over HTTP.'),
    served_model: orNull(Type.String(), 'Name of the model on a server over HTTP.'),
    engine: orNull(
      Type.Object(
        {
          llama_build: Type.String({description: 'llama.cpp release.'}),
          llama_commit: Type.String(),
          gpu: orNull(Type.String(), 'Name of the GPU; null on the CPU.'),
          gpu_layers: count('Layers on the GPU, as llama.cpp reports them.'),
          layers: count('Layers of the model.'),
          threads: count('CPU threads.'),
          ctx_size: count('Context size in tokens.'),
          batch_size: count('Maximum tokens of one decode step.'),
          parallel: count('Decode slots.'),
        },
        closed,
      ),
      'Null for a server over HTTP, where it is unknown.',
    ),
    settings: Type.Record(Type.String(), Type.Unknown(), {
      description: 'Its configuration without defaults, by full names such as `model.threads`.',
    }),
  },
  {...closed, description: 'What is measured: one column of the table.'},
)
export type Subject = Static<typeof Subject>

const Traffic = Type.Object(
  {
    arrivals: Type.Enum(['closed', 'together', 'poisson'], {
      description:
        '`closed`: each client sends its next request when its last one ends. `together`: all clients send at the same moment, in rounds. `poisson`: requests arrive at random times, independent of running ones.',
    }),
    rate: Type.Optional(Type.Number({unit: 'requests/s', description: 'Requests per second, with Poisson arrivals.'})),
    requests: count('Requests of one repetition.'),
    generate_tokens_min: count('Length of the shortest answer; `generate_tokens` is the longest.'),
    conversations: Type.Optional(count('Turns of each conversation; absent for raw prompts.')),
    turns: Type.Optional(count('Conversations of one repetition.')),
    slo: Type.Optional(
      Type.Object(
        {
          ttft_ms: Type.Optional(ms('Maximum time to first token.')),
          itl_ms: Type.Optional(ms('Maximum mean inter-token latency of an answer.')),
        },
        {...closed, description: 'Objectives that goodput counts.'},
      ),
    ),
  },
  {...closed, description: 'How the requests of the workload `traffic` arrive.'},
)

const Test = Type.Object(
  {
    name: Type.String({description: 'Unique in the result, such as `tg128@d4096`.'}),
    workload: Type.Enum([...workloads]),
    prompt_tokens: count('Tokens of the prompt after the depth; 0 if there is none.'),
    generate_tokens: count('Tokens of each answer; 0 if there is none.'),
    depth: count('Tokens in the context before the prompt.'),
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
      'As the backend counted them; null if a server does not report them.',
    ),
    cached_tokens: orNull(
      Type.Integer({minimum: 0}),
      'Prompt tokens from a cache; null if the server does not report them.',
    ),
    dropped_messages: Type.Optional(
      count(
        'Oldest messages that did not fit into the context; absent if there are none, or a server does not say so.',
      ),
    ),
    generated_tokens: count('Generated tokens; `counted` says how they were counted.'),
    counted: Type.Enum(['engine', 'usage', 'pieces'], {
      description:
        '`usage`: the server reported the number. `pieces`: it did not, and each piece of text counts as one token, which may be too few.',
    }),
    ended_early: Type.Boolean({description: 'The answer has fewer tokens than requested.'}),
    start_ms: ms('Time of sending, from the start of the sample.'),
    ttft_ms: ms('From the request to the first text.'),
    total_ms: ms('From the request to the end of the answer.'),
    gaps_ms: Type.Array(Type.Number(), {
      description: 'Gaps between arrivals of text; pieces that arrive together are one.',
    }),
    pieces: count('Pieces of text.'),
    first_pieces: count('Pieces of text in the first arrival.'),
    engine_ms: orNull(
      Type.Object({prompt: Type.Number(), predict: Type.Number()}, closed),
      "By the engine's clock: the time of the prompt, and from the first token to the last. tg and itl use it if `counted` is `engine`.",
    ),
  },
  {...closed, description: 'One request as the client sees it.'},
)
export type RequestSample = Static<typeof Request>

const Sample = Type.Object(
  {
    subject: Type.String(),
    test: Type.String(),
    repetition: count('Counted from 1; warm-up rounds are not kept.'),
    at_ms: ms('Start time, from the start of the run.'),
    metrics: Type.Record(Type.String(), Type.Number(), {description: 'Metric → value of this repetition.'}),
    requests: Type.Array(Request, {description: 'Completed requests.'}),
    failures: Type.Optional(Type.Array(Type.String(), {description: 'Messages of failed requests, for traffic.'})),
  },
  {...closed, description: 'One repetition, raw.'},
)
export type Sample = Static<typeof Sample>

const Ratio = Type.Object(
  {
    n: count('Number of rounds in which both have a value.'),
    ratio: Type.Number({description: 'Median of the ratios of the rounds.'}),
    ci_low: Type.Number({description: 'Bound of its bootstrap confidence interval.'}),
    ci_high: Type.Number(),
  },
  {...closed, description: 'Ratio of a metric to that of another subject, round by round.'},
)
export type Ratio = Static<typeof Ratio>

const Series = Type.Object(
  {
    subject: Type.String({description: 'Name of the subject.'}),
    test: Type.String({description: 'Name of the test.'}),
    metric: Type.String({description: 'Such as `pp`, `tg`, `ttft`, `itl`; docs/reference/bench.md defines each.'}),
    unit: Type.Enum(['tokens/s', 'ms', 'x', 'share', 'requests']),
    better: Type.Enum(['higher', 'lower']),
    values: Type.Array(Type.Number(), {description: 'One per repetition, in order.'}),
    summary: Summary,
    to_first: orNull(Ratio, 'Ratio to the first subject; null for the first subject, and if the metric is missing.'),
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
        'Change of the median against the baseline; within a run, of the ratio to the first subject. Above 0 is better: -0.1 is 10 % worse.',
    }),
    ci_low: Type.Number({description: 'Bound of the confidence interval of the change.'}),
    ci_high: Type.Number(),
    verdict: Type.Enum([...verdicts]),
    reason: Type.String({description: 'The reason, in one sentence.'}),
  },
  closed,
)
export type Verdict = Static<typeof Verdict>

const Comparison = Type.Object(
  {
    baseline: Type.String({description: 'The file of the baseline, or the name of the first subject.'}),
    baseline_date: orNull(Type.String(), 'Date of the earlier run; null within a run.'),
    max_regression: Type.Number({description: 'A fraction: 0.05 is 5 %.'}),
    verdicts: Type.Array(Verdict),
    missing: Type.Array(Type.String(), {
      description: 'Metrics that only one of the two has, as `subject, test, metric`.',
    }),
  },
  {...closed, description: 'Comparison with an earlier result, or with the first subject of the same run.'},
)
export type Comparison = Static<typeof Comparison>

const BenchResult = Type.Object(
  {
    format: Type.Literal('wnn-bench-1'),
    date: Type.String({description: 'Start of the run, ISO 8601.'}),
    duration_ms: ms('Duration of the whole run.'),
    complete: Type.Boolean({description: 'False if the run was interrupted or failed.'}),
    incomplete_reason: orNull(Type.String(), 'Why the run is not complete.'),
    command: Type.Array(Type.String(), {description: 'The command line, without API keys.'}),
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
        repetitions: count('Measured repetitions of each test on each subject.'),
        warmup: count('Warm-up rounds, which are not kept.'),
        seed: count('Seed of prompts and of the bootstrap.'),
        confidence: Type.Number({description: 'Confidence level of all intervals: 0.95.'}),
        resamples: count('Number of bootstrap resamples.'),
      },
      closed,
    ),
    subjects: Type.Array(Subject),
    tests: Type.Array(Test),
    series: Type.Array(Series),
    samples: Type.Array(Sample),
    warnings: Type.Array(Type.String()),
    comparison: orNull(Comparison, 'Null without --baseline or --against-first.'),
  },
  {...closed, description: 'A result of `wnn bench`. Sizes are in bytes, times in milliseconds.'},
)

/** A result file of `wnn bench`, and what `--json` prints. */
export type BenchResult = Static<typeof BenchResult>

/** Checks that a value is a result of this version. */
export const checkResult = createValidator(BenchResult)
