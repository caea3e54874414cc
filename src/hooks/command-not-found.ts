import type {Hook} from '@oclif/core'
import {printError} from '../cli/print-error.js'
import {suggest} from '../documents/suggest.js'
import {printableJson} from '../terminal/sanitize.js'

/** Former names of commands. */
const renamedCommands: Readonly<Record<string, string>> = {autocomplete: 'completion'}

/**
 * Reports an unknown command with a suggestion; exit code 127. For a command without arguments, oclif treats further
 * words as part of its name: that is a wrong argument, exit code 2.
 */
const commandNotFound: Hook.CommandNotFound = function ({id, argv = [], config}) {
  const [name = '', ...rest] = id.split(':')
  const isFlag = name.startsWith('-')
  const isCommand = config.commandIDs.includes(name)
  const message = isCommand
    ? `Unexpected argument: ${rest.join(' ')}`
    : isFlag
      ? `Unknown flag ${name}.`
      : `${name} is not a ${config.bin} command.`
  const meant = isCommand || isFlag ? undefined : (renamedCommands[name] ?? suggest(name, config.commandIDs))
  const hint = isCommand
    ? `See ${config.bin} ${name} --help.`
    : `${meant === undefined ? '' : `Did you mean ${config.bin} ${meant}? `}${config.bin} --help lists all.`
  if (argv.includes('--json')) {
    const error = {code: 'invalid_argument', reason: 'invalid_argument', message, hint}
    process.stdout.write(`${printableJson({error}, 2)}\n`)
  } else {
    printError(message, hint)
  }
  this.exit(isCommand || isFlag ? 2 : 127)
  return Promise.resolve()
}

export default commandNotFound
