import {Args, Flags} from '@oclif/core'
import {DaemonConnection} from '../rpc/client/connection.js'
import {BaseCommand} from '../cli/base-command.js'
import {formerModelFlags, requiredModel} from '../cli/model-flag.js'
import {socketFlag} from '../cli/socket-flag.js'
import {socketPath} from '../rpc/socket-path.js'

interface UnloadResult {
  graph: number
  name: string
}

export default class Unload extends BaseCommand {
  static override summary = 'Unload a model from the daemon.'
  static override description = `Closes the model's execution contexts. The histories of sessions stay.

Exit codes: 0 unloaded; 2 there is no such model; 3 no daemon is running.`
  static override examples = ['<%= config.bin %> unload qwen', '<%= config.bin %> unload 0']
  static override renamedFlags = {...formerModelFlags, name: '--model'}
  static override args = {
    model: Args.string({ignoreStdin: true, description: 'Name or graph id of the model.'}),
  }
  static override flags = {
    ...socketFlag,
    model: Flags.string({char: 'm', description: 'The same as MODEL.', helpValue: 'name'}),
  }

  async run(): Promise<UnloadResult> {
    const {args, flags} = await this.parse(Unload)
    const model = requiredModel(args.model, flags.model, 'wnn unload qwen')
    const connection = new DaemonConnection(socketPath(flags.socket))
    try {
      const result = await connection.json<UnloadResult>('POST', '/unload', {model}, this.signal)
      this.logToStderr(`Unloaded ${result.name} (graph ${result.graph}).`)
      return result
    } finally {
      connection.close()
    }
  }
}
