import {Args, Flags} from '@oclif/core'
import type {SwitchReport} from '../backend/contract/switch.js'
import {BaseCommand} from '../cli/base-command.js'
import {configFlags, readConfigFlags} from '../cli/config-flags.js'
import {socketFlag} from '../cli/socket-flag.js'
import {renderSwitch, switchModel} from '../cli/switch/switch-model.js'
import {socketPath} from '../rpc/socket-path.js'

export default class Switch extends BaseCommand {
  static override summary = 'Replace a model in the daemon without dropping requests.'
  static override description = `What runs ends on the old model, what waits runs on the new one, and sessions keep their histories. When the new model cannot be loaded, the old one answers as before.

overlap loads the new model while the old one serves; drain lets running tasks finish, ends the old model and then loads the new one, which is what overlap becomes when both do not fit; cancel is overlap that ends running tasks with an error.

Exit codes: 0 switched, 2 a flag or graph is not usable, 3 the new model cannot be loaded (missing and damaged files are that, too) or no daemon is running, 129, 130 and 143 ended by SIGHUP, SIGINT and SIGTERM.`
  static override examples = [
    '<%= config.bin %> switch phi3.gguf',
    '<%= config.bin %> switch phi3.gguf --graph chat --mode drain',
    '<%= config.bin %> switch phi3.gguf --set model.ctx_size=8192 --json',
  ]
  static override args = {
    model: Args.string({required: true, ignoreStdin: true, description: 'Path of the next GGUF file.'}),
  }
  static override flags = {
    ...socketFlag,
    ...configFlags,
    graph: Flags.string({description: "Name or id of the graph to switch. Defaults to the daemon's only one."}),
    mode: Flags.option({options: ['overlap', 'drain', 'cancel'] as const, default: 'overlap'})({
      description: 'What happens to requests in flight.',
    }),
  }

  async run(): Promise<SwitchReport> {
    const {args, flags} = await this.parse(Switch)
    const report = await switchModel({
      ...{file: args.model, graph: flags.graph, mode: flags.mode, config: readConfigFlags(flags, 'graph')},
      ...{socket: socketPath(flags.socket), signal: this.signal},
      progress: this.jsonEnabled() ? undefined : process.stderr,
    })
    this.log(renderSwitch(report))
    return report
  }
}
