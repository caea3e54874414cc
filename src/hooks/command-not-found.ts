import type {Hook} from '@oclif/core'
import {suggest} from '../documents/suggest.js'

/**
 * Reports an unknown command with a suggestion; exit code 127. For a command without arguments, oclif treats further
 * words as part of its name: that is a wrong argument, exit code 2.
 */
const commandNotFound: Hook.CommandNotFound = function ({id, argv = [], config}) {
  const [name = '', ...rest] = id.split(':')
  const isCommand = config.commandIDs.includes(name)
  const message = isCommand ? `Unexpected argument: ${rest.join(' ')}` : `${name} is not a ${config.bin} command.`
  const meant = isCommand ? undefined : suggest(name, config.commandIDs)
  const hint = isCommand
    ? `See ${config.bin} ${name} --help.`
    : `${meant === undefined ? '' : `Did you mean ${config.bin} ${meant}? `}${config.bin} --help lists all.`
  if (argv.includes('--json')) {
    process.stdout.write(`${JSON.stringify({error: {code: 'invalid_argument', message, hint}}, null, 2)}\n`)
  } else {
    process.stderr.write(`${config.bin}: ${message}\n${hint}\n`)
  }
  this.exit(isCommand ? 2 : 127)
  return Promise.resolve()
}

export default commandNotFound
