import {Args, Flags} from '@oclif/core'
import {toNnError} from '../errors.js'
import type {BenchResult} from '../bench/result.js'
import {BaseCommand} from '../cli/base-command.js'
import {configFlags} from '../cli/config-flags.js'
import {formerModelFlags} from '../cli/model-flag.js'
import {socketFlag} from '../cli/socket-flag.js'

/** Exit code when a metric is worse than in the baseline. */
const worse = 5

export default class Bench extends BaseCommand {
  static override summary = 'Measure models and servers side by side.'
  static override description = `Measures prompt processing (pp), generation (tg), time to first token (ttft), inter-token latency (itl) and more (docs/bench.md). Without MODELS and --url it measures the daemon's models. The table goes to standard output.

Sizes are numbers (512), lists (1,4,16) and ranges: 1-4, 0-100+25, 128-2048*2.

Exit codes: 0 measured; 2 a file or flag is not usable; 3 a server or the daemon does not answer, or the engine failed; 5 a metric is worse than the baseline or the first subject; 129, 130, 143 ended by SIGHUP, SIGINT, SIGTERM.`
  static override examples = [
    '<%= config.bin %> bench model.gguf',
    '<%= config.bin %> bench model.gguf -p 128-2048*2 -n 128 -d 0,4096 --output result.json --output result.html',
    '<%= config.bin %> bench q4.gguf q8.gguf --compare model.threads=4,8',
    '<%= config.bin %> bench model.gguf --url http://127.0.0.1:8080 --concurrency 1,4,16,64',
    '<%= config.bin %> bench model.gguf --arrivals closed --concurrency 16 -p 256 -n 16-256',
    '<%= config.bin %> bench --url http://127.0.0.1:8080 --arrivals poisson:2.5 --slo ttft=500ms,itl=50ms',
    '<%= config.bin %> bench --url http://127.0.0.1:8080 --arrivals closed --concurrency 8 --turns 4 --conversations 48 -p 64',
    '<%= config.bin %> bench model.gguf --baseline result.json --max-regression 5%',
    '<%= config.bin %> bench --url http://127.0.0.1:8080 --url http://127.0.0.1:8081 --against-first -r 20',
  ]
  static override strict = false
  static override renamedFlags = formerModelFlags
  static override args = {
    models: Args.string({
      ignoreStdin: true,
      description: "GGUF files, or names of models in the daemon. Defaults to all of the daemon's models.",
    }),
  }
  static override flags = {
    'prompt-tokens': Flags.string({
      char: 'p',
      default: '512',
      description: 'Number of prompt tokens.',
      helpGroup: 'TESTS',
    }),
    'generate-tokens': Flags.string({
      char: 'n',
      description:
        'Number of generated tokens; 0 measures no generation. Defaults to 128. With --arrivals: a range of lengths to draw from; defaults to 16-256.',
      helpGroup: 'TESTS',
    }),
    depth: Flags.string({
      char: 'd',
      default: '0',
      description: 'Number of tokens in the context before the prompt. With --turns: length of the system prompt.',
      helpGroup: 'TESTS',
    }),
    concurrency: Flags.string({
      description:
        'Number of simultaneous streams, each with a prompt and an answer. Adds the workload concurrency. With --arrivals: number of clients.',
      helpGroup: 'TESTS',
    }),
    workload: Flags.string({
      description: 'Workloads, separated by commas: pp, tg, concurrency, prefix, load, switch. Defaults to pp,tg.',
      helpGroup: 'TESTS',
    }),
    arrivals: Flags.string({
      description:
        'Measure traffic. closed: each client sends its next request when its last one ends. poisson:RATE: requests arrive at random times, RATE per second. together: all clients send at the same moment.',
      helpValue: 'closed|poisson:RATE|together',
      exclusive: ['workload'],
      helpGroup: 'TRAFFIC',
    }),
    requests: Flags.integer({
      min: 1,
      max: 1_000_000,
      description: 'Requests per repetition. Defaults to 4 per client, but at least 24.',
      helpGroup: 'TRAFFIC',
    }),
    turns: Flags.integer({
      min: 1,
      max: 1000,
      description: 'Send conversations with this many turns. Each turn sends the whole history.',
      helpGroup: 'TRAFFIC',
    }),
    conversations: Flags.integer({
      min: 1,
      max: 100_000,
      description: 'Conversations per repetition. Defaults to 3 per client.',
      helpGroup: 'TRAFFIC',
    }),
    slo: Flags.string({
      description: 'Objectives of a request. Goodput is the share of requests that met them.',
      helpValue: 'ttft=500ms,itl=50ms',
      helpGroup: 'TRAFFIC',
    }),
    repetitions: Flags.integer({
      char: 'r',
      min: 1,
      max: 10_000,
      default: 5,
      description: 'Number of measurements of each test on each model.',
      helpGroup: 'TESTS',
    }),
    warmup: Flags.integer({
      min: 0,
      max: 1000,
      default: 1,
      description: 'Number of warm-up rounds, which do not count.',
      helpGroup: 'TESTS',
    }),
    seed: Flags.integer({
      min: 0,
      max: 4_294_967_294,
      noCacheDefault: true,
      description:
        'Seed of prompts and statistics. Defaults to a new one, so that no server has the prompts in its cache.',
      helpGroup: 'TESTS',
    }),
    ...configFlags,
    compare: Flags.string({
      multiple: true,
      multipleNonGreedy: true,
      description: 'Measure each model with each of these values. Example: model.threads=1,2',
      helpValue: 'key=value,value',
    }),
    url: Flags.string({
      multiple: true,
      multipleNonGreedy: true,
      description: "Measure a server with OpenAI's API. Add #name to select one of its models.",
      helpValue: 'http://…',
    }),
    'api-key-file': Flags.string({
      dependsOn: ['url'],
      description: 'File with the API key for the servers. Defaults to the environment variable WNN_API_KEY.',
      helpValue: 'file',
    }),
    ...socketFlag,
    model: Flags.string({
      char: 'm',
      multiple: true,
      multipleNonGreedy: true,
      description: 'The same as an argument in MODELS.',
      helpValue: 'model',
    }),
    local: Flags.boolean({description: "Do not use the daemon's models."}),
    output: Flags.string({
      multiple: true,
      multipleNonGreedy: true,
      description: 'Write the result to this file. Its name or --format sets the format.',
      helpValue: 'file',
    }),
    format: Flags.option({options: ['json', 'md', 'csv', 'html'] as const})({
      description: 'Format of the files; without --output, of standard output.',
    }),
    baseline: Flags.string({
      description: 'Compare with this result: a .json file of an earlier run.',
      helpValue: 'file',
    }),
    'against-first': Flags.boolean({
      description: 'Compare all other models and servers with the first one, round by round.',
      exclusive: ['baseline'],
    }),
    'max-regression': Flags.string({
      description: 'Allowed regression against the baseline or the first subject. Defaults to 5%.',
      helpValue: 'share',
    }),
    history: Flags.string({
      description: 'Append the result to this folder, for wnn bench report.',
      helpValue: 'folder',
    }),
  }

  async run(): Promise<BenchResult> {
    const {argv, flags} = await this.parse(Bench)
    const {bench, readRequest, render} = await import('../bench/index.js')
    const models = [...(argv as string[]), ...(flags.model ?? [])]
    const request = await readRequest(models, flags, {
      ...{bin: this.config.bin, version: this.config.version, pins: this.config.pjson.dependencies ?? {}},
    })
    const {result, failure} = await bench({...request, progress: process.stderr, signal: this.signal})
    this.warnOf(result.warnings)
    if (failure !== undefined && result.samples.length === 0) throw failure
    this.log(await render(result, flags.output === undefined ? flags.format : undefined, process.stdout.columns))
    if (failure !== undefined) {
      if (!this.jsonEnabled()) throw failure
      // The incomplete result is still printed, and is marked.
      process.exitCode = toNnError(failure).exitCode
      return result
    }
    if (result.comparison?.verdicts.some(({verdict}) => verdict === 'worse') === true) process.exitCode = worse
    return result
  }
}
