import type {Config} from '@oclif/core'

/** What may follow: one of these words, a file, a folder, or something that a shell does not know. */
export type Value = readonly string[] | 'file' | 'folder' | 'text'

export interface CompletedFlag {
  name: string
  char: string | undefined
  summary: string
  /** `undefined` for a flag without a value. */
  value: Value | undefined
  repeatable: boolean
}

/** A command as shells complete it. */
export interface CompletedCommand {
  /** Words after `wnn`, such as `bench` and `report`. */
  words: readonly string[]
  summary: string
  flags: readonly CompletedFlag[]
  /** What each argument is; the last one stands for all that follow if `manyArguments`. */
  arguments: readonly Value[]
  manyArguments: boolean
}

type Loadable = Config['commands'][number]

/** What a flag's value is, by the placeholder in its help. */
const values: Readonly<Record<string, Value>> = {
  ...{file: 'file', path: 'file', model: 'file', 'file.html': 'file', 'name=path': 'file', folder: 'folder'},
}

/** All commands with their flags, as the help has them. */
export function completedCommands(commands: readonly Loadable[]): CompletedCommand[] {
  const names = commands
    .filter(({hidden, id}) => !hidden && !id.includes(':'))
    .map(({id}) => id)
    .sort()
  return commands
    .filter(({hidden}) => !hidden)
    .map((command) => ({
      words: command.id.split(':'),
      summary: firstLine(command.summary ?? command.description),
      flags: flagsOf(command),
      arguments: Object.values(command.args)
        .filter(({hidden}) => !hidden)
        .map((argument): Value => argument.options ?? (argument.name === 'command' ? names : valueOf(argument))),
      manyArguments: command.strict === false,
    }))
    .sort((a, b) => (a.words.join(' ') < b.words.join(' ') ? -1 : 1))
}

/** Arguments have no placeholder; their descriptions begin with what they are. */
function valueOf({description = ''}: {description?: string}): Value {
  return /\b(files?|folders?)\b/i.test(description) ? 'file' : 'text'
}

function flagsOf({flags}: Loadable): CompletedFlag[] {
  const shown = Object.entries(flags).filter(([, {hidden}]) => !hidden)
  return shown.flatMap(([name, flag]): CompletedFlag[] => {
    const common = {summary: firstLine(flag.summary ?? flag.description), char: flag.char}
    if (flag.type === 'option') {
      const value = flag.options ?? values[String(flag.helpValue ?? '')] ?? 'text'
      return [{...common, name, value, repeatable: flag.multiple === true}]
    }
    const own = {...common, name, value: undefined, repeatable: false}
    return flag.allowNo ? [own, {...own, name: `no-${name}`, char: undefined}] : [own]
  })
}

/** Without placeholders of the help, and without what would end a quoted text. */
function firstLine(text: string | undefined): string {
  return (text ?? '').split('\n', 1)[0]?.replaceAll(/<%.*?%>/g, 'wnn') ?? ''
}
