import {Args} from '@oclif/core'
import {BaseCommand} from '../cli/base-command.js'
import {bashCompletion} from '../cli/completion/bash.js'
import {fishCompletion} from '../cli/completion/fish.js'
import {completedCommands} from '../cli/completion/spec.js'
import {zshCompletion} from '../cli/completion/zsh.js'

const scripts = {bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion}

export default class Completion extends BaseCommand {
  static override summary = 'Print a completion script for a shell.'
  static override description = `The shell then completes commands, flags, their values and files with the Tab key. Add the line to the file that your shell reads at its start:

bash (~/.bashrc): source <(wnn completion bash)
zsh (~/.zshrc, after compinit): source <(wnn completion zsh)
fish (~/.config/fish/config.fish): wnn completion fish | source

Exit codes: 0 printed; 2 there is no script for that shell.`
  static override examples = [
    '<%= config.bin %> completion bash',
    '<%= config.bin %> completion fish > ~/.config/fish/completions/<%= config.bin %>.fish',
  ]
  static override args = {
    shell: Args.string({options: Object.keys(scripts), required: true, ignoreStdin: true, description: 'The shell.'}),
  }

  async run(): Promise<{shell: string; script: string}> {
    const {args} = await this.parse(Completion)
    const {shell} = args
    const script = scripts[shell as keyof typeof scripts](this.config.bin, completedCommands(this.config.commands))
    this.log(script.trimEnd())
    return {shell, script}
  }
}
