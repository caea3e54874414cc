import * as assert from 'uvu/assert'
import {reasons} from '../../src/error-reasons.js'
import {runCli} from '../support/run-cli.js'
import {suite} from '../support/suite.js'

const test = suite('errors under --json', {timeoutMs: 20_000})

const cases: [what: string, argv: string[], code: number, message: RegExp][] = [
  ['an unknown flag', ['test', '--colour', '--json'], 2, /--colour/],
  ['a flag that needs another one', ['batch', 'x', '--retry-errors', '--json'], 2, /^--retry-errors needs --resume\.$/],
  ['a selection of nothing', ['test', 'suites/conformance', '--filter', 'no such name', '--json'], 6, /No scenario/],
  [
    'an output that cannot be written',
    ['test', 'suites/conformance', '--output', '/no/such/x', '--json'],
    2,
    /\/no\/such\/x/,
  ],
  ['an unknown command', ['frob', '--json'], 127, /frob is not a wnn command/],
  ['an argument too many', ['stop', 'extra', '--json'], 2, /Unexpected argument: extra/],
  [
    'another form of report',
    ['test', '--json', '--reporter', 'junit'],
    2,
    /--json and --reporter junit exclude each other/,
  ],
  [
    'an argument that is none of the choices',
    ['completion', 'bsh', '--json'],
    2,
    /^SHELL must be one of bash, zsh, fish; got bsh\.$/,
  ],
  ['a missing argument', ['completion', '--json'], 2, /^SHELL is missing\.$/],
  ['an argument too many beside a choice', ['completion', 'fish', 'extra', '--json'], 2, /Unexpected argument: extra/],
  [
    'a flag that is none of the choices',
    ['test', '--reporter', 'xml', '--json'],
    2,
    /^--reporter must be one of list, .*; got xml\.$/,
  ],
  ['a flag that is no integer', ['test', '--retries', 'x', '--json'], 2, /^--retries: expected an integer/i],
  ['no daemon', ['chat', '--json'], 3, /No daemon listens/],
  ['a missing model', ['chat', 'no-such.gguf', '--json'], 2, /no-such\.gguf/],
]

for (const [what, argv, code, message] of cases) {
  test(`${what} is one object with code, reason and message, and exit code ${code}`, async () => {
    const result = await runCli(argv, {input: 'Hello!'})
    assert.is(result.code, code, result.stderr)
    const {error} = JSON.parse(result.stdout) as {error: Record<string, unknown>}
    assert.match(String(error['message']), message)
    assert.ok(typeof error['code'] === 'string' && Object.hasOwn(reasons, String(error['reason'])), result.stdout)
    assert.ok(Object.keys(error).every((key) => ['code', 'reason', 'message', 'hint'].includes(key)))
    assert.equal(result.left, [])
  })
}
