import {Args, Flags} from '@oclif/core'
import {BaseCommand} from '../cli/base-command.js'
import {configFlags, readConfigFlags} from '../cli/config-flags.js'
import {requiredModel} from '../cli/model-flag.js'
import {estimateLoad, renderEstimate, type LoadEstimate} from '../pick-model/load/estimate.js'
import {loadModel, renderLoaded, type LoadResult} from '../pick-model/load/load-model.js'
import {checkName, modelName} from '../rpc/model-name.js'
import {socketFlag} from '../cli/socket-flag.js'
import {socketPath} from '../rpc/socket-path.js'

/** Exit code of an estimate that does not fit, like that of a load. */
const doesNotFit = 3

export default class Load extends BaseCommand {
  static override summary = 'Load a model into the daemon. Starts the daemon if none runs.'
  static override description = `The graph's id goes to standard output; progress and details go to standard error. A model that is loaded with the same settings stays as it is.

Exit codes: 0 loaded; 2 a file, flag or name is not usable; 3 the model does not fit or could not be loaded; 129, 130, 143 ended by SIGHUP, SIGINT, SIGTERM.`
  static override examples = [
    '<%= config.bin %> load model.gguf',
    '<%= config.bin %> load model.gguf --name qwen --set model.ctx_size=8192 --set n_gpu_layers=max',
    '<%= config.bin %> load model.gguf --estimate',
  ]
  static override renamedFlags = {'model-name': '--name'}
  static override args = {
    model: Args.string({ignoreStdin: true, description: 'Path of a GGUF file.'}),
  }
  static override flags = {
    ...socketFlag,
    ...configFlags,
    model: Flags.string({char: 'm', description: 'The same as MODEL.', helpValue: 'path'}),
    name: Flags.string({
      description: 'The name that other commands call the model by. Defaults to the file name without .gguf.',
      helpValue: 'name',
    }),
    estimate: Flags.boolean({description: 'Print the memory that the model would need. Load nothing.'}),
  }

  async run(): Promise<LoadResult | LoadEstimate> {
    const {args, flags} = await this.parse(Load)
    const file = requiredModel(args.model, flags.model, 'wnn load model.gguf')
    const config = readConfigFlags(flags, 'graph')
    if (flags.estimate) {
      const estimate = await estimateLoad(file, config, socketPath(flags.socket))
      this.log(renderEstimate(estimate))
      if (!estimate.fits) process.exitCode = doesNotFit
      return estimate
    }
    const name = checkName(flags.name ?? modelName(file), 'Choose another name: --name NAME')
    const loaded = await loadModel({
      ...{file, name, config},
      ...{socket: socketPath(flags.socket), root: this.config.root, progress: process.stderr, signal: this.signal},
    })
    this.warnOf(warningsOf(loaded))
    this.logToStderr(renderLoaded(loaded))
    this.log(String(loaded.graph))
    return loaded
  }
}

function warningsOf({model}: LoadResult): string[] {
  return [...model.config_warnings.map(({message}) => message), ...model.warnings]
}
