import {Args, Flags} from '@oclif/core'
import {DaemonConnection} from '../rpc/client/connection.js'
import {statusTypes, type BackendStatus, type StatusType} from '../backend/contract/status.js'
import {BaseCommand} from '../cli/base-command.js'
import {socketFlag} from '../cli/socket-flag.js'
import type {Finding} from '../cli/status/finding.js'
import {renderOverview} from '../cli/status/overview.js'
import {renderFindings, renderFindingsLine, renderLine, renderStatus} from '../cli/status/render.js'
import {watch, type ScreenSize} from '../cli/status/watch.js'
import {explainStatus} from '../cli/status/why.js'
import {socketPath} from '../rpc/socket-path.js'
import type {FullStatus} from '../rpc/daemon-status.js'
import {longestTimerMs} from '../system/clock.js'
import {printableJson} from '../terminal/sanitize.js'

type StatusResult = Partial<FullStatus> & {findings?: Finding[]}

export default class Status extends BaseCommand {
  static override summary = 'Show the state of the daemon.'
  static override description = `Exit codes: 0 shown; 3 no daemon is running; 130 --watch ended by Ctrl-C.`
  static override examples = [
    '<%= config.bin %> status',
    '<%= config.bin %> status memory --json',
    '<%= config.bin %> status --why',
    '<%= config.bin %> status --watch',
  ]
  static override args = {
    type: Args.option({options: statusTypes, ignoreStdin: true})({
      description: 'Show only this report. Defaults to all.',
    }),
  }
  static override flags = {
    ...socketFlag,
    why: Flags.boolean({description: 'Show what is wrong, and which setting to change.'}),
    watch: Flags.boolean({
      char: 'w',
      description: 'Repeat: in place on a terminal, one line each time elsewhere.',
    }),
    interval: Flags.integer({
      min: 50,
      max: longestTimerMs,
      default: 1000,
      description: 'Milliseconds between two reports of --watch.',
      helpValue: 'ms',
    }),
  }

  private isWatching = false

  async run(): Promise<StatusResult> {
    const {args, flags} = await this.parse(Status)
    const {type} = args
    this.isWatching = flags.watch
    const connection = new DaemonConnection(socketPath(flags.socket))
    const show = async (): Promise<StatusResult> => {
      const all = await fetchStatus(connection, flags.why ? undefined : type, this.signal)
      if (!flags.why) return all
      const findings = explainStatus(all as FullStatus)
      return type === undefined ? {...all, findings} : {daemon: all.daemon, [type]: all[type], findings}
    }
    try {
      if (!flags.watch) return this.printed(await show(), flags.why)
      await watch({
        ...{out: process.stdout, intervalMs: flags.interval, signal: this.signal},
        screen: this.jsonEnabled() ? undefined : async (size) => screenOf(await show(), size),
        line: async () => (this.jsonEnabled() ? printableJson(await show()) : lineOf(await show(), flags.why)),
      })
      // --watch has no result; the exit code says what ended it.
      throw this.signal.reason as Error
    } finally {
      connection.close()
    }
  }

  protected override catch(error: Error): Promise<never> {
    this.endInterruptedLine()
    return super.catch(error)
  }

  /** With one object per line, an error is one, too. */
  override logJson(json: unknown): void {
    if (this.isWatching) process.stdout.write(`${printableJson(json)}\n`)
    else super.logJson(json)
  }

  private printed(status: StatusResult, why: boolean): StatusResult {
    this.log(render(status, why, process.stdout.columns || Infinity))
    return status
  }
}

async function fetchStatus(
  connection: DaemonConnection,
  type: StatusType | undefined,
  signal: AbortSignal,
): Promise<Partial<FullStatus> & Pick<FullStatus, 'daemon'>> {
  return connection.json('GET', `/status${type === undefined ? '' : `?types=${type}`}`, undefined, signal)
}

function render({daemon, findings, ...status}: StatusResult, why: boolean, width: number): string {
  if (why) return renderFindings(findings ?? [], width)
  return daemon === undefined ? '' : renderStatus(daemon, status, width)
}

/** For --watch on a terminal: all reports together are an overview that fits. */
function screenOf(status: StatusResult, size: ScreenSize): string {
  const {daemon, findings, ...reports} = status
  if (findings !== undefined || daemon === undefined || !hasAll(reports)) {
    return render(status, findings !== undefined, size.columns)
  }
  return renderOverview(daemon, reports, size)
}

function hasAll(reports: Partial<BackendStatus>): reports is BackendStatus {
  return statusTypes.every((type) => reports[type] !== undefined)
}

function lineOf({findings, ...status}: StatusResult, why: boolean): string {
  if (why) return renderFindingsLine(findings ?? [])
  return renderLine(status)
}
