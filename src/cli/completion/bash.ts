import type {CompletedCommand, CompletedFlag, Value} from './spec.js'

/** A completion script for bash 4 and later; earlier ones complete all but values with spaces in files. */
export function bashCompletion(bin: string, commands: readonly CompletedCommand[]): string {
  const first = [...new Set(commands.map(({words}) => words[0] ?? ''))]
  const nested = commands.filter(({words}) => words.length > 1)
  return `# bash completion for ${bin}: source <(${bin} completion bash)
_${bin}_files() {
  # Without an answer of ours, bash completes file names with its own quoting.
  compopt -o default 2>/dev/null || COMPREPLY=($(compgen -f -- "$1"))
}
_${bin}_folders() {
  compopt -o dirnames 2>/dev/null || COMPREPLY=($(compgen -d -- "$1"))
}
_${bin}_words_and_files() {
  compopt -o filenames 2>/dev/null
  COMPREPLY=($(compgen -W "$1" -- "$2"))
  while IFS= read -r; do COMPREPLY+=("$REPLY"); done < <(compgen -f -- "$2")
}
_${bin}() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} command=\${COMP_WORDS[1]}
  COMPREPLY=()
  # "=" is a word of its own: --flag = value.
  if [[ $cur == '=' ]]; then cur=
  elif [[ $prev == '=' ]]; then prev=\${COMP_WORDS[COMP_CWORD-2]}; fi
  if ((COMP_CWORD == 1)); then
    COMPREPLY=($(compgen -W ${quote(first.join(' '))} -- "$cur"))
    return
  fi
${nested.map((command) => nestedCase(command)).join('\n')}
  case "$command $prev" in
${commands.flatMap((command) => command.flags.flatMap((flag) => valueCase(bin, command, flag))).join('\n')}
  esac
  if [[ $cur == -* ]]; then
    case $command in
${commands.map((command) => `      ${quote(nameOf(command))}) COMPREPLY=($(compgen -W ${quote(longFlags(command))} -- "$cur")) ;;`).join('\n')}
    esac
    return
  fi
  case $command in
${commands.map((command) => `    ${quote(nameOf(command))}) ${argumentOf(bin, command, nested)} ;;`).join('\n')}
  esac
}
complete -F _${bin} ${bin}
`
}

function nestedCase({words}: CompletedCommand): string {
  const [outer = '', inner = ''] = words
  return `  if ((COMP_CWORD > 2)) && [[ $command == ${outer} && \${COMP_WORDS[2]} == ${inner} ]]; then command=${quote(words.join(' '))}; fi`
}

function valueCase(bin: string, command: CompletedCommand, {name, char, value}: CompletedFlag): string[] {
  if (value === undefined) return []
  const spellings = [`--${name}`, ...(char === undefined ? [] : [`-${char}`])]
  const patterns = spellings.map((spelling) => quote(`${nameOf(command)} ${spelling}`)).join('|')
  return [`    ${patterns}) ${completeWith(bin, value)}; return ;;`]
}

function completeWith(bin: string, value: Value): string {
  if (value === 'file') return `_${bin}_files "$cur"`
  if (value === 'folder') return `_${bin}_folders "$cur"`
  if (value === 'text') return ':'
  return `COMPREPLY=($(compgen -W ${quote(value.join(' '))} -- "$cur"))`
}

/** The first argument; of commands with subcommands, those too. */
function argumentOf(bin: string, command: CompletedCommand, nested: readonly CompletedCommand[]): string {
  const [value] = command.arguments
  if (value === undefined) return ':'
  const inner = nested.filter(({words}) => words[0] === command.words.join(' ')).map(({words}) => words[1] ?? '')
  const complete = completeWith(bin, value)
  if (inner.length === 0) return complete
  return `if ((COMP_CWORD == 2)); then _${bin}_words_and_files ${quote(inner.join(' '))} "$cur"; else ${complete}; fi`
}

function longFlags({flags}: CompletedCommand): string {
  return flags.map(({name}) => `--${name}`).join(' ')
}

function nameOf({words}: CompletedCommand): string {
  return words.join(' ')
}

function quote(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`
}
