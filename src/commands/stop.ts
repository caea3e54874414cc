import {Flags} from '@oclif/core'
import {BaseCommand} from '../cli/base-command.js'
import {socketFlag} from '../cli/socket-flag.js'
import {stopDaemon} from '../daemon/background.js'
import {socketPath} from '../rpc/socket-path.js'

export default class Stop extends BaseCommand {
  static override summary = 'Stop the daemon.'
  static override description = `The daemon rejects new work, lets running answers finish (for at most its --drain-timeout), unloads its models and exits. The command waits for that.

Exit codes: 0 the daemon ended; 3 no daemon is running.`
  static override examples = ['<%= config.bin %> stop', '<%= config.bin %> stop --now']
  static override flags = {
    ...socketFlag,
    now: Flags.boolean({description: 'End running answers at once instead of waiting for them.'}),
  }

  async run(): Promise<{socket: string; stopped: true}> {
    const {flags} = await this.parse(Stop)
    const socket = socketPath(flags.socket)
    await stopDaemon(socket, {now: flags.now, signal: this.signal})
    this.logToStderr('Stopped.')
    return {socket, stopped: true}
  }
}
