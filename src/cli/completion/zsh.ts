import type {CompletedCommand, CompletedFlag, Value} from './spec.js'

/** A completion script for zsh: a file `_wnn` in `fpath`, or sourced. */
export function zshCompletion(bin: string, commands: readonly CompletedCommand[]): string {
  const outer = commands.filter(({words}) => words.length === 1)
  return `#compdef ${bin}
# zsh completion for ${bin}: source <(${bin} completion zsh), after compinit
compdef _${bin} ${bin}
_${bin}() {
  local context state state_descr line
  typeset -A opt_args
  _arguments -C '1: :->command' '*:: :->arguments'
  case $state in
    command)
      local -a commands=(
${outer.map(({words, summary}) => `        ${quote(`${words.join(' ')}:${summary}`)}`).join('\n')}
      )
      _describe command commands
      ;;
    arguments)
      case $words[1] in
${outer.map((command) => commandCase(command, commands)).join('\n')}
      esac
      ;;
  esac
}
# As a file in fpath it is called at once.
if [ "$funcstack[1]" = "_${bin}" ]; then _${bin} "$@"; fi
`
}

function commandCase(command: CompletedCommand, all: readonly CompletedCommand[]): string {
  const nested = all.filter(({words}) => words.length > 1 && words[0] === command.words[0])
  const inner = nested.map(
    (one) => `          if [[ $words[2] == ${one.words[1] ?? ''} ]] && ((CURRENT > 2)); then
            shift words; ((CURRENT--))
            _arguments -s ${specs(one, [])}
            return
          fi`,
  )
  return [
    `        ${command.words[0] ?? ''})`,
    ...inner,
    `          _arguments -s ${specs(command, nested)}`,
    '          ;;',
  ].join('\n')
}

function specs(command: CompletedCommand, nested: readonly CompletedCommand[]): string {
  const all = [...command.flags.flatMap(flagSpecs), ...argumentSpecs(command, nested)]
  return all.length === 0 ? '' : `\\\n${all.map((one) => `            ${one}`).join(' \\\n')}`
}

function flagSpecs({name, char, summary, value, repeatable}: CompletedFlag): string[] {
  const action = value === undefined ? '' : `:${name}:${actionOf(value)}`
  const spellings = [`--${name}${value === undefined ? '' : '='}`, ...(char === undefined ? [] : [`-${char}`])]
  const others = `(${[`--${name}`, ...(char === undefined ? [] : [`-${char}`])].join(' ')})`
  return spellings.map((spelling) => quote(`${repeatable ? '*' : others}${spelling}[${inBrackets(summary)}]${action}`))
}

function argumentSpecs(
  {arguments: given, manyArguments}: CompletedCommand,
  nested: readonly CompletedCommand[],
): string[] {
  return given.map((value, index) => {
    const place = manyArguments && index === given.length - 1 ? '*' : String(index + 1)
    if (nested.length === 0 || index > 0) return quote(`${place}: :${actionOf(value)}`)
    const words = nested.map(({words: [, inner = '']}) => inner).join(' ')
    return quote(`${place}: :{_alternative "commands:command:(${words})" "files:file:_files"}`)
  })
}

function actionOf(value: Value): string {
  if (value === 'file') return '_files'
  if (value === 'folder') return '_files -/'
  return value === 'text' ? ' ' : `(${value.join(' ')})`
}

function inBrackets(text: string): string {
  return text.replace(/[\\[\]:]/g, String.raw`\$&`)
}

function quote(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`
}
