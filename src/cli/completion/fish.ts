import type {CompletedCommand, CompletedFlag, Value} from './spec.js'

/** A completion script for fish: sourced, or a file in its `completions` folder. */
export function fishCompletion(bin: string, commands: readonly CompletedCommand[]): string {
  const outer = commands.filter(({words}) => words.length === 1)
  const lines = [
    `# fish completion for ${bin}: ${bin} completion fish | source`,
    `complete -c ${bin} -f`,
    ...outer.map(
      ({words, summary}) =>
        `complete -c ${bin} -n __fish_use_subcommand -a ${quote(words[0] ?? '')} -d ${quote(summary)}`,
    ),
    ...commands.flatMap((command) => commandLines(bin, command, commands)),
  ]
  return `${lines.join('\n')}\n`
}

function commandLines(bin: string, command: CompletedCommand, all: readonly CompletedCommand[]): string[] {
  const [outer = '', inner] = command.words
  const nested = all.filter(({words}) => words.length > command.words.length && words[0] === outer)
  const others = nested.map(({words}) => `; and not __fish_seen_subcommand_from ${words[1] ?? ''}`).join('')
  const seen =
    inner === undefined
      ? `__fish_seen_subcommand_from ${outer}${others}`
      : `__fish_seen_subcommand_from ${outer}; and __fish_seen_subcommand_from ${inner}`
  const start = `complete -c ${bin} -n ${quote(seen)}`
  const [argument] = command.arguments
  return [
    ...nested.map(({words, summary}) => `${start} -a ${quote(words[1] ?? '')} -d ${quote(summary)}`),
    ...(argument === undefined || argument === 'text' ? [] : [`${start}${valueOf(argument, false)}`]),
    ...command.flags.map((flag) => `${start}${flagOf(flag)}`),
  ]
}

function flagOf({name, char, summary, value}: CompletedFlag): string {
  const short = char === undefined ? '' : ` -s ${char}`
  return ` -l ${name}${short}${value === undefined ? '' : valueOf(value, true)} -d ${quote(summary)}`
}

/** `-r`: the flag takes a value; `-x`: and that is not a file. */
function valueOf(value: Value, ofFlag: boolean): string {
  const exclusive = ofFlag ? ' -x' : ''
  if (value === 'file') return ofFlag ? ' -r -F' : ' -F'
  if (value === 'folder') return `${exclusive} -a '(__fish_complete_directories)'`
  return value === 'text' ? exclusive : `${exclusive} -a ${quote(value.join(' '))}`
}

/** In fish, a backslash escapes within quotes. */
function quote(text: string): string {
  return `'${text.replace(/[\\']/g, String.raw`\$&`)}'`
}
