import {Flags} from '@oclif/core'
import {BaseCommand} from '../cli/base-command.js'
import {socketFlag} from '../cli/socket-flag.js'
import {stopDaemon} from '../daemon/background.js'
import {socketPath} from '../rpc/socket-path.js'

export default class Stop extends BaseCommand {
  static override summary = 'Stop the daemon.'
  static override description = `It takes nothing new, lets answers come to their end (for as long as its --drain-timeout allows), unloads its models and ends. The command waits for that.

Exit codes: 0 it has ended, 3 none is running.`
  static override examples = ['<%= config.bin %> stop', '<%= config.bin %> stop --now']
  static override flags = {
    ...socketFlag,
    now: Flags.boolean({description: 'End answers where they are instead of waiting for them.'}),
  }

  async run(): Promise<{socket: string; stopped: true}> {
    const {flags} = await this.parse(Stop)
    const socket = socketPath(flags.socket)
    await stopDaemon(socket, {now: flags.now, signal: this.signal})
    this.logToStderr('Stopped.')
    return {socket, stopped: true}
  }
}
