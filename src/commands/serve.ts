import path from 'node:path'
import {Flags} from '@oclif/core'
import {endEngineAhead, startEngineAhead} from '../backend/ahead.js'
import {toWire} from '../errors.js'
import {longestTimerMs} from '../system/clock.js'
import {BaseCommand} from '../cli/base-command.js'
import {configFlags, readConfigFlags} from '../cli/config-flags.js'
import {httpFlags, httpIntakes} from '../cli/http-flags.js'
import {modelName, namesOf} from '../rpc/model-name.js'
import {socketFlag} from '../cli/socket-flag.js'
import type {StartMessage} from '../daemon/background.js'
import {printableJson} from '../terminal/sanitize.js'
import {socketPath} from '../rpc/socket-path.js'
import type {Daemon} from '../daemon/start.js'

/** What a program that starts the daemon needs to know, printed on one line once it is ready. */
export interface ServeReady {
  ready: true
  pid: number
  socket: string
  /** Where OpenAI's API is, without `/v1`; `null` without --port. */
  url: string | null
  models: string[]
}

export default class Serve extends BaseCommand {
  static override summary = 'Keep models loaded for other commands, until stopped.'
  static override description = `Runs in the foreground; wnn load starts one in the background. Only this user can connect to it. SIGTERM lets running answers finish, as wnn stop does. With --json, one line on standard output says when it is ready and where it listens.

Exit codes: 0 stopped by wnn stop, 2 a file, flag or socket is not usable, 3 a model could not be loaded, 129, 130 and 143 ended by SIGHUP, SIGINT and SIGTERM.`
  static override examples = [
    '<%= config.bin %> serve',
    '<%= config.bin %> serve --model qwen.gguf --model phi.gguf --state-dir ~/chats',
    '<%= config.bin %> serve --config server.yaml --set backend.max_concurrent=16',
    '<%= config.bin %> serve --model qwen.gguf --port 8080',
    '<%= config.bin %> serve --model qwen.gguf --port 0 --json',
  ]
  static override flags = {
    ...socketFlag,
    ...configFlags,
    model: Flags.string({
      char: 'm',
      multiple: true,
      multipleNonGreedy: true,
      description: 'Load this GGUF file first; may be given several times.',
      helpValue: 'path',
    }),
    'state-dir': Flags.string({
      description:
        'Keep the histories of sessions in this folder, each until it was idle for backend.idle_timeout_ms, 5 minutes by default (docs/sessions.md).',
      helpValue: 'folder',
    }),
    ...httpFlags,
    'drain-timeout': Flags.integer({
      min: 0,
      max: longestTimerMs,
      default: 30_000,
      description: 'Milliseconds that running answers have to finish when the daemon is stopped.',
      helpValue: 'ms',
    }),
  }

  async run(): Promise<void> {
    const {flags} = await this.parse(Serve)
    let url: string | null = null
    try {
      const models = flags.model ?? []
      const toCome = new Set(namesOf(models))
      if (models.length > 0) startEngineAhead()
      const {startDaemon} = await import('../daemon/start.js')
      const daemon = await startDaemon({
        ...{socket: socketPath(flags.socket), version: this.config.version},
        config: readConfigFlags(flags),
        ...(flags['state-dir'] !== undefined && {stateDir: flags['state-dir']}),
        drainTimeoutMs: flags['drain-timeout'],
        intakes: httpIntakes(flags, toCome, (opened) => {
          url = opened
        }),
      })
      await this.serve(daemon, models, toCome, url)
    } catch (error) {
      await endEngineAhead()
      tellStarter({error: toWire(error)})
      throw error
    }
  }

  private async serve(
    daemon: Daemon,
    models: readonly string[],
    toCome: Set<string>,
    url: string | null,
  ): Promise<void> {
    const stop = (): void => {
      this.logToStderr('Stopping after the running answers. A second signal does not wait for them.')
      void daemon.stop()
    }
    this.signal.addEventListener('abort', stop)
    try {
      await this.load(daemon, models, toCome)
      tellStarter({ready: true})
      this.printReady({
        ...{ready: true, pid: process.pid, socket: daemon.address},
        ...{url, models: models.map(modelName)},
      })
      if (url !== null) this.logToStderr(`OpenAI's API is served at ${url}/v1.`)
      this.logToStderr(`Listening on ${daemon.address} (process ${process.pid}).`)
      await daemon.ended
      // Node would close connections some time before the process ends, and wnn stop waits for its end.
      process.once('exit', (code) => process.exit(code))
    } catch (error) {
      // A load that wnn stop interrupted did not fail.
      const wasStopped = daemon.isStopping()
      await daemon.stop({now: true})
      if (!wasStopped) throw error
    } finally {
      this.signal.removeEventListener('abort', stop)
    }
  }

  /** Not as the result, which is printed at the end. */
  private printReady(ready: ServeReady): void {
    if (this.jsonEnabled()) process.stdout.write(`${printableJson(ready)}\n`)
  }

  private async load({backend}: Daemon, models: readonly string[], toCome: Set<string>): Promise<void> {
    for (const model of models) {
      const name = modelName(model)
      const graph = await backend.load({name: path.resolve(model)}, {name, signal: this.signal})
      toCome.delete(name)
      this.logToStderr(`Loaded ${name} as graph ${graph}.`)
    }
  }
}

/** Reports to the process that started this one in the background and waits for it. */
function tellStarter(message: StartMessage): void {
  if (process.send === undefined || !process.connected) return
  process.send(message, () => {
    if (process.connected) process.disconnect()
  })
}
