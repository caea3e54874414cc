import {completeWord} from './completion.js'
import {slashCommands} from './slash-commands.js'

/** What the Tab key makes of a line: lines that it may become, and the part of it that they replace. */
export function completeLine(line: string): [completions: string[], part: string] {
  const [, name = '', gap = '', argument = ''] = /^\/(\S*)(\s*)(.*)$/s.exec(line) ?? []
  if (!line.startsWith('/')) return [[], line]
  if (gap === '')
    return [
      completeWord(
        name,
        slashCommands.map((command) => command.name),
      ).map((hit) => `/${hit}`),
      line,
    ]
  const command = slashCommands.find((each) => each.name === name)
  return [command?.complete?.(argument) ?? [], argument]
}
