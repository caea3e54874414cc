import {Errors} from '@oclif/core'
import * as assert from 'uvu/assert'
import {describeUsage} from '../../src/cli/usage-error.js'
import {suite} from '../support/suite.js'

const test = suite('errors of the command line')

const known = {command: 'wnn x', names: ['temp', 'model'], renamed: {graph: '--model'}}
const see = 'See wnn x --help.'

test('an error of a command keeps its words and exit code', () => {
  const error = new Errors.CLIError('No scenario matches.', {exit: 6})
  assert.equal(describeUsage(error, known), {message: 'No scenario matches.', exit: 6})
})

test('an unexpected error has exit code 1', () => {
  assert.equal(describeUsage(new TypeError('x is not a function'), known), {message: 'x is not a function', exit: 1})
})

test('a value that a flag does not take is named with the flag, without escape codes', () => {
  const error = new Error('Parsing --temp \n\t\u001b[2mExpected a number, got hot\u001b[22m\nSee more help with --help')
  assert.equal(describeUsage(error, known), {message: '--temp: expected a number, got hot.', hint: see, exit: 2})
})

test('every contradiction is said', () => {
  const message = `The following errors occurred:
  All of the following must be provided when using --a: --b, --c
  --d=1 cannot also be provided when using --e
  Missing required flag f
See more help with --help`
  const error = Object.assign(new Errors.CLIError(message), {parse: {}})
  assert.equal(describeUsage(error, known), {
    message: '--a needs --b, --c. --e and --d exclude each other. --f is missing.',
    hint: see,
    exit: 2,
  })
})

const unknown: [flag: string, names: string[], meant: string | undefined][] = [
  ['--temperature', ['temp', 'help'], '--temp'],
  ['--temperature=1', ['temp', 'help'], '--temp'],
  ['--temperature', ['help', 'json'], undefined],
  ['--temp', ['help', 'json'], undefined],
  ['--help-me', ['help', 'json'], undefined],
  ['--tmep', ['temp', 'help'], '--temp'],
]
for (const [flag, names, meant] of unknown) {
  test(`${flag} for ${names.join(', ')} suggests ${meant ?? 'nothing'}`, () => {
    const error = Object.assign(new Errors.CLIError('Nonexistent flag'), {flags: [flag], parse: {}})
    const hint = meant === undefined ? see : `Did you mean ${meant}? ${see}`
    assert.is(describeUsage(error, {...known, names}).hint, hint)
  })
}

const notOneOf: [what: string, message: string, expected: string][] = [
  ['an argument', 'Expected bsh to be one of: bash, zsh, fish', 'SHELL must be one of bash, zsh, fish; got bsh.'],
  [
    'an argument with line breaks',
    'Expected a\nb to be one of: bash, zsh, fish',
    'SHELL must be one of bash, zsh, fish; got a\nb.',
  ],
  ['a flag', 'Expected --via=a=b to be one of: local, daemon', '--via must be one of local, daemon; got a=b.'],
]
for (const [what, message, expected] of notOneOf) {
  test(`the values of ${what} are named with it`, () => {
    const error = Object.assign(new Errors.CLIError(`${message}\nSee more help with --help`), {parse: {}})
    const choices = {shell: ['bash', 'zsh', 'fish'], model: []}
    assert.equal(describeUsage(error, {...known, choices}), {message: expected, hint: see, exit: 2})
  })
}
