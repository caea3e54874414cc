import {open} from 'node:fs/promises'
import path from 'node:path'
import {Args, Flags} from '@oclif/core'
import {traceBackend} from '../backend/contract/traced.js'
import {NnError, systemReason} from '../errors.js'
import {BaseCommand} from '../cli/base-command.js'
import {socketFlag} from '../cli/socket-flag.js'
import {traceFlag} from '../cli/trace-flag.js'
import {longestTimerMs} from '../system/clock.js'
import {TraceFile} from '../system/trace-file.js'
import {socketPath} from '../rpc/socket-path.js'
import {rejectNamedPipe} from '../system/named-pipe.js'
import {
  expandCases,
  daemonTarget,
  exitCodeOf,
  loadSuites,
  localTarget,
  printReport,
  reporterNames,
  runReported,
  runRuntime,
  type ReporterName,
  selectCases,
  type RunReport,
  type Target,
} from '../suites/index.js'

/** Exit code if no scenario was selected: a run that checks nothing is not a success. */
const nothingSelected = 6

export default class Test extends BaseCommand {
  static override summary = 'Run YAML suites against the backend.'
  static override description = `Each scenario gets its own backend. The report goes to standard output, progress to standard error. Where that is no terminal, the list has a line for each scenario as it ends.

Exit codes: 0 all passed; 4 a scenario failed; 3 the engine failed; 2 a file or flag is not usable (nothing was run); 6 no scenario was selected; 129, 130, 143 ended by SIGHUP, SIGINT, SIGTERM.`
  static override examples = [
    '<%= config.bin %> test suites/conformance',
    '<%= config.bin %> test suites/conformance --filter 8 --filter /error/i',
    '<%= config.bin %> test suites/conformance --via daemon',
    "<%= config.bin %> test --runtime 'wasmedge --nn-preload default:GGML:AUTO:{model} {guest}'",
    '<%= config.bin %> test my.yaml --model qwen=~/models/qwen.gguf --reporter junit --output report.xml',
  ]
  static override strict = false
  static override args = {
    paths: Args.string({description: 'Suite files, or folders with suite files. Defaults to the conformance suites.'}),
  }
  static override flags = {
    filter: Flags.string({
      multiple: true,
      multipleNonGreedy: true,
      description:
        'Run only scenarios with this number, with this text in their id or name, or that match the regular expression /this/.',
    }),
    tag: Flags.string({multiple: true, multipleNonGreedy: true, description: 'Run only scenarios with this tag.'}),
    bail: Flags.boolean({description: 'Stop after the first scenario that fails.'}),
    shard: Flags.string({description: 'Run only every n-th scenario, starting with the i-th.', helpValue: 'i/n'}),
    retries: Flags.integer({min: 0, default: 0, description: 'Retry a failed scenario this many times.'}),
    reporter: Flags.option({options: reporterNames, default: 'list' as const})({description: 'Format of the report.'}),
    output: Flags.string({description: 'Write the report to this file.', helpValue: 'file'}),
    model: Flags.string({
      char: 'm',
      multiple: true,
      multipleNonGreedy: true,
      description: 'Use this file for a model of the suites.',
      helpValue: 'name=path',
    }),
    via: Flags.option({options: ['local', 'daemon'] as const, default: 'local' as const})({
      description: 'Where the backends run: in this process, or in the daemon (starts one if none runs).',
    }),
    trace: traceFlag,
    ...socketFlag,
    timeout: Flags.integer({
      min: 1,
      max: longestTimerMs,
      default: 120_000,
      description: 'Time limit in milliseconds of a scenario that sets none, or of the whole run in another runtime.',
    }),
    runtime: Flags.string({
      description: 'Run the WebAssembly conformance program in another runtime, by this shell command.',
      helpValue: 'command',
    }),
  }

  async run(): Promise<RunReport> {
    const {argv, flags, metadata} = await this.parse(Test)
    if (
      this.jsonEnabled() &&
      flags.output === undefined &&
      metadata.flags.reporter?.setFromDefault !== true &&
      flags.reporter !== 'json'
    ) {
      throw new NnError('invalid_argument', `--json and --reporter ${flags.reporter} exclude each other.`, {
        hint: 'Remove one of them, or write the other report to a file: --output report.xml',
      })
    }
    if (flags.runtime !== undefined) return this.runRuntime(flags.runtime, argv as string[], flags)
    const paths = argv.length > 0 ? (argv as string[]) : [path.join(this.config.root, 'suites/conformance')]
    const suites = loadSuites(paths, {models: parseModels(flags.model ?? [])})
    const {filter: filters = [], tag: tags = [], shard} = flags
    const cases = selectCases(expandCases(suites), {filters, tags, ...(shard !== undefined && {shard})})
    if (flags.output !== undefined) await checkWritable(flags.output)
    if (cases.length === 0) this.error('No scenario matches the selection.', {exit: nothingSelected})

    const {retries, bail, timeout: timeoutMs, reporter, output} = flags
    using trace = flags.trace === undefined ? undefined : new TraceFile(flags.trace)
    await using target = await this.target(flags)
    const report = await runReported(
      cases,
      trace === undefined ? target : tracedTarget(target, trace),
      {signal: this.signal, retries, bail, timeoutMs},
      {
        ...{reporter, output, workspace: process.env.GITHUB_WORKSPACE},
        ...{colors: process.stdout.isTTY, isTerminal: process.stderr.isTTY, isSilent: this.jsonEnabled()},
        print: (text) => this.logStyled(text),
      },
    )
    process.exitCode = exitCodeOf(report)
    if (
      process.exitCode !== 0 &&
      metadata.flags.reporter?.setFromDefault === true &&
      process.env.GITHUB_ACTIONS === 'true'
    )
      this.logToStderr('Use --reporter github to get annotations.')
    return report
  }

  /** The program in another runtime, with the first model of `--model` or a model that comes with the package. */
  private async runRuntime(command: string, paths: readonly string[], flags: RuntimeFlags): Promise<RunReport> {
    const unused = suiteFlags.find((name) => flags[name] !== undefined && flags[name] !== false)
    const extra = paths[0] ?? (unused === undefined ? undefined : `--${unused}`)
    if (extra !== undefined) {
      throw new NnError('invalid_argument', `--runtime and ${extra} exclude each other: suites do not run there.`)
    }
    const {output, reporter, timeout: timeoutMs} = flags
    if (output !== undefined) await checkWritable(output)
    const [model = path.join(this.config.root, 'fixtures/models/tiny-qwen2-chat.gguf')] = Object.values(
      parseModels(flags.model ?? []),
    )
    const guest = path.join(this.config.root, 'fixtures/guests/conformance.wasm')
    const report = await runRuntime({command, guest, model, timeoutMs, signal: this.signal})
    const colors = process.stdout.isTTY
    const print = (text: string): void => this.log(text)
    await printReport(report, {reporter, output, colors, workspace: process.env.GITHUB_WORKSPACE, print})
    process.exitCode = exitCodeOf(report)
    return report
  }

  private async target({via, socket}: {via: 'local' | 'daemon'; socket?: string | undefined}): Promise<OpenTarget> {
    if (via === 'local') return {...localTarget(), [Symbol.asyncDispose]: () => Promise.resolve()}
    return await daemonTarget({socket: socketPath(socket), root: this.config.root, signal: this.signal})
  }
}

/** Flags that are for suites only. */
const suiteFlags = ['filter', 'tag', 'shard', 'bail', 'trace'] as const

interface RuntimeFlags extends Partial<Record<(typeof suiteFlags)[number], unknown>> {
  model?: string[] | undefined
  output?: string | undefined
  reporter: ReporterName
  timeout: number
}

type OpenTarget = Target & AsyncDisposable

function tracedTarget(target: Target, trace: TraceFile): Target {
  const init: Target['init'] = async (config, options) =>
    traceBackend(await target.init(config, options), (call) => trace.add(call))
  return {...target, init}
}

/** Before the run, not after it. */
async function checkWritable(file: string): Promise<void> {
  try {
    rejectNamedPipe(`--output ${file}`, file)
    await (await open(file, 'a')).close()
  } catch (error) {
    if (error instanceof NnError) throw error
    throw new NnError('file_unusable', `--output ${file} cannot be written: ${systemReason(error)}.`, {
      cause: error,
    })
  }
}

function parseModels(pairs: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const [, name = '', file = ''] = /^([^=]+)=(.+)$/.exec(pair) ?? []
      if (name === '') throw new NnError('invalid_argument', `--model takes name=path; got ${pair}.`)
      return [name, file]
    }),
  )
}
