import {Args, Flags} from '@oclif/core'
import type {SwitchReport} from '../backend/contract/switch.js'
import {BaseCommand} from '../cli/base-command.js'
import {configFlags, readConfigFlags} from '../cli/config-flags.js'
import {formerModelFlags} from '../cli/model-flag.js'
import {socketFlag} from '../cli/socket-flag.js'
import {renderSwitch, switchModel} from '../cli/switch/switch-model.js'
import {socketPath} from '../rpc/socket-path.js'

export default class Switch extends BaseCommand {
  static override summary = 'Replace a model in the daemon without dropping requests.'
  static override description = `Running tasks finish on the old model, queued tasks run on the new one, and sessions keep their histories. If the new model cannot be loaded, the old one stays.

overlap: the new model loads while the old one serves. If both do not fit into memory, the switch becomes a drain.
drain: running tasks finish, the old model is unloaded, and then the new one loads.
cancel: like overlap, but running tasks end with an error.

Exit codes: 0 switched; 2 a flag or model is not usable; 3 the new model cannot be loaded (for any reason, such as a missing file) or no daemon is running; 129, 130, 143 ended by SIGHUP, SIGINT, SIGTERM.`
  static override examples = [
    '<%= config.bin %> switch phi3.gguf',
    '<%= config.bin %> switch phi3.gguf --model chat --mode drain',
    '<%= config.bin %> switch phi3.gguf --set model.ctx_size=8192 --json',
  ]
  static override renamedFlags = formerModelFlags
  static override args = {
    file: Args.string({required: true, ignoreStdin: true, description: 'Path of the new GGUF file.'}),
  }
  static override flags = {
    ...socketFlag,
    ...configFlags,
    model: Flags.string({
      char: 'm',
      description: "Name or graph id of the model to replace. Defaults to the daemon's only one.",
      helpValue: 'name',
    }),
    mode: Flags.option({options: ['overlap', 'drain', 'cancel'] as const, default: 'overlap'})({
      description: 'How to handle running tasks.',
    }),
  }

  async run(): Promise<SwitchReport> {
    const {args, flags} = await this.parse(Switch)
    const report = await switchModel({
      ...{file: args.file, model: flags.model, mode: flags.mode, config: readConfigFlags(flags, 'graph')},
      ...{socket: socketPath(flags.socket), signal: this.signal},
      progress: this.jsonEnabled() ? undefined : process.stderr,
    })
    this.log(renderSwitch(report))
    return report
  }
}
