import {existsSync} from 'node:fs'
import path from 'node:path'
import {Args, Flags} from '@oclif/core'
import {initBackend} from '../backend/index.js'
import {BaseCommand} from '../cli/base-command.js'
import {configFlags, readConfigFlags} from '../cli/config-flags.js'
import {GuestReport, endedGuest, type RunResult} from '../cli/guest-report.js'
import {socketFlag} from '../cli/socket-flag.js'
import {traceFlag} from '../cli/trace-flag.js'
import {ensureDaemon, stopDaemon} from '../daemon/background.js'
import {NnError} from '../errors.js'
import {longestTimerMs} from '../system/clock.js'
import {TraceFile} from '../system/trace-file.js'
import {RemoteBackend} from '../rpc/client/remote-backend.js'
import {socketPath} from '../rpc/socket-path.js'
import {readFolders, readGuest, readPreloads, runGuest, type NnBackend, type Preload} from '../wasm/index.js'

const mebibyte = 1024 * 1024

export default class Run extends BaseCommand {
  static override summary = 'Run a WebAssembly program that uses models through WASI-NN.'
  static override description = `The program is a core module for WASI preview 1. It loads models by the names of --nn-preload. Its standard input, output and error are those of the command; it gets no folder, variable or model but those of the flags.

Exit codes: that of the program; 134 it trapped, for example by a panic; 3 it was ended at a limit, or the backend failed; 2 a file or flag is not usable (nothing was run); 129, 130, 143 ended by SIGHUP, SIGINT, SIGTERM.`
  static override examples = [
    '<%= config.bin %> run chat.wasm --nn-preload default:GGML:AUTO:model.gguf -- default',
    'echo Hello | <%= config.bin %> run chat.wasm --nn-preload default:GGML:AUTO:model.gguf --env CTX=4096',
    '<%= config.bin %> run tool.wasm --nn-preload m:GGML:CPU:model.gguf --dir ./data::/data --timeout 60000 --memory 256',
  ]
  static override args = {
    guest: Args.string({ignoreStdin: true, description: 'The program, a .wasm file. Its arguments follow after --.'}),
  }
  static override flags = {
    'nn-preload': Flags.string({
      multiple: true,
      multipleNonGreedy: true,
      description: 'A model that the program may load by name. Encoding GGML; target CPU, GPU or AUTO. Repeatable.',
      helpValue: 'name:encoding:target:path',
    }),
    env: Flags.string({
      multiple: true,
      multipleNonGreedy: true,
      description: 'A variable of its environment, which has no others. Repeatable.',
      helpValue: 'name=value',
    }),
    dir: Flags.string({
      multiple: true,
      multipleNonGreedy: true,
      description: 'A folder that it may read and write, and its path in the program. Repeatable.',
      helpValue: 'host::guest',
    }),
    timeout: Flags.integer({
      min: 0,
      max: longestTimerMs,
      default: 0,
      description: 'Time limit in milliseconds; 0 is no limit.',
    }),
    memory: Flags.integer({min: 1, default: 1024, max: 65_536, description: 'Limit of its memory in MiB.'}),
    'max-output': Flags.integer({
      min: 0,
      default: 0,
      description: 'Limit of its standard output and error together, in MiB; 0 is no limit.',
    }),
    via: Flags.option({options: ['local', 'daemon'] as const, default: 'local' as const})({
      description: 'Where its models run: in this process, or in the daemon (starts one if none runs).',
    }),
    isolate: Flags.boolean({description: 'Run the program in a process of its own, which can be ended in any state.'}),
    trace: traceFlag,
    ...socketFlag,
    ...configFlags,
  }

  async run(): Promise<RunResult> {
    const {own, rest} = splitArguments(this.argv)
    const {args, flags} = await this.parse(Run, own)
    const file = args.guest
    if (file === undefined) {
      throw new NnError('invalid_argument', 'The program is missing.', {hint: 'Example: wnn run chat.wasm'})
    }
    const preloads = readPreloads(flags['nn-preload'] ?? [])
    const folders = readFolders(flags.dir ?? [])
    const env = readVariables(flags.env ?? [])
    const config = readConfigFlags(flags)
    const guest = await readGuest(file, flags.memory * mebibyte)
    this.warnMissing(preloads)

    const report = new GuestReport({isCaptured: this.jsonEnabled()})
    using trace = flags.trace === undefined ? undefined : new TraceFile(flags.trace)
    await using backend = await this.open(flags, config)
    const result = await runGuest({
      ...{backend, guest, preloads, folders, env, config: graphSections(config)},
      ...{args: [path.basename(file), ...rest], stdin: process.stdin},
      ...{stdout: report.stdout, stderr: report.stderr, onCall: (call) => report.called(call, trace)},
      ...{
        timeoutMs: flags.timeout,
        maxOutputBytes: flags['max-output'] * mebibyte,
        signal: this.signal,
        isolate: flags.isolate,
      },
    })
    const ended = endedGuest(result, {timeoutMs: flags.timeout, memoryMb: flags.memory, outputMb: flags['max-output']})
    process.exitCode = ended.exitCode
    for (const {kind, text} of [...ended.messages, ...report.notes(ended)]) this.tell(kind, text)
    if (!result.isGone) {
      // Node.js would wait for the thread.
      await backend[Symbol.asyncDispose]()
      process.kill(process.pid, 'SIGKILL')
    }
    return report.result(ended, result)
  }

  private async open(
    {via, socket}: {via: 'local' | 'daemon'; socket?: string | undefined},
    config: object,
  ): Promise<NnBackend> {
    if (via === 'local') return initBackend({config, strict: true})
    const address = socketPath(socket)
    const started = await ensureDaemon({socket: address, root: this.config.root, signal: this.signal})
    const backend = await RemoteBackend.init(address, {config: JSON.stringify(config), strict: true})
    if (!started) return backend
    const dispose = backend[Symbol.asyncDispose].bind(backend)
    return Object.assign(backend, {
      [Symbol.asyncDispose]: async () => {
        await dispose()
        await stopDaemon(address, {now: true})
      },
    })
  }

  private warnMissing(preloads: ReadonlyMap<string, Preload>): void {
    for (const {name, path: file} of preloads.values()) {
      if (existsSync(file)) continue
      this.tell('warning', `--nn-preload ${name}: there is no file ${file}. Loading it gives 103 (model_not_found).`)
    }
  }
}

/** The settings that hold for a graph. */
function graphSections(config: Record<string, Record<string, unknown>>): Record<string, Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(config).filter(([section]) => section !== 'backend' && section !== 'logging'),
  )
}

function readVariables(pairs: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const [, name = '', value = ''] = /^([^=]+)=(.*)$/s.exec(pair) ?? []
      if (name === '') throw new NnError('invalid_argument', `--env takes name=value; got ${pair}.`)
      return [name, value]
    }),
  )
}

/** The arguments of the program are those after the first `--`, as they are; oclif would sort them. */
function splitArguments(argv: readonly string[]): {own: string[]; rest: string[]} {
  const at = argv.indexOf('--')
  return at < 0 ? {own: [...argv], rest: []} : {own: argv.slice(0, at), rest: argv.slice(at + 1)}
}
