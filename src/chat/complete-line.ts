import {completeWord} from './completion.js'
import {slashCommands} from './slash-commands.js'

/** Completions of a line for the Tab key, and the part of the line that they replace. */
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
