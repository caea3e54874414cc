import * as assert from 'uvu/assert'
import {ConfigError, configFromObject, defaultConfig, parseConfig} from '../../src/config/index.js'
import {suite} from '../support/suite.js'

const test = suite('strict configuration')

function refusal(run: () => unknown): ConfigError {
  try {
    run()
  } catch (error) {
    if (error instanceof ConfigError) return error
    throw error
  }
  throw new Error('The configuration was accepted.')
}

const strict = {strict: true, file: 'wnn.yaml'}

test('10: broken texts are refused with their place', () => {
  const broken: [string, number, number][] = [
    ['{"max_sessions":invalid}', 1, 17],
    ['', 1, 1],
    ['{"incomplete":', 1, 15],
    ['model:\n  ctx_size: 999999999\n', 2, 13],
  ]
  for (const [text, line, column] of broken) {
    const {problems, code, message} = refusal(() => parseConfig(text, strict))
    assert.is(code, 'invalid_argument')
    assert.is(problems.length, 1)
    assert.equal([problems[0]?.line, problems[0]?.column], [line, column])
    assert.ok(message.startsWith(`wnn.yaml:${line}:${column} `), message)
  }
})

test('the message names place, path, what is allowed and what was meant, in the order of the places', () => {
  const text = 'model:\n  ctx_size: 3\n  trheads: 2\nsampling:\n  top_p: 2\n'
  assert.is(
    refusal(() => parseConfig(text, strict)).message,
    [
      'wnn.yaml:2:13 model.ctx_size: must be an integer from 16 to 1048576; got 3',
      '    ctx_size: 3',
      '              ^',
      'wnn.yaml:3:3 model.trheads: unknown key "trheads"',
      '  Did you mean "threads"?',
      '    trheads: 2',
      '    ^',
      'wnn.yaml:5:10 sampling.top_p: must be a number from 0 to 1; got 2',
      '    top_p: 2',
      '           ^',
    ].join('\n'),
  )
})

test('a configuration may ask for it itself', () => {
  refusal(() => parseConfig('{"strict_config":true,"tmep":1}'))
  refusal(() => parseConfig('{"backend":{"strict_config":true},"temp":"x"}'))
  refusal(() => parseConfig('{"strict_config":true,"tmep":1}', {scope: 'graph'}))
})

test('the configuration below may ask for it', () => {
  const base = parseConfig('{"strict_config":true}').config
  refusal(() => parseConfig('{"tmep":1}', {base, scope: 'graph'}))
  refusal(() => parseConfig('{', {base, scope: 'graph'}))
})

test('a value that was never text is refused by its path', () => {
  const {problems, message} = refusal(() => configFromObject({stop: ['a', 5]}, {strict: true}))
  assert.is(message, 'stop[1]: must be a non-empty string; got 5')
  assert.equal([problems[0]?.line, problems[0]?.column, problems[0]?.excerpt], [0, 0, ''])
})

test('what is right is accepted', () => {
  const parsed = parseConfig('{}', {...strict, cores: 2})
  assert.equal(parsed, {config: defaultConfig(2), given: new Set(), warnings: []})
})

test('two spellings of one key are worth a warning, and no error', () => {
  const {config, warnings} = parseConfig('{"model":{"ctx_size":512},"ctx_size":1024}', strict)
  assert.is(config.model.ctx_size, 512)
  assert.is(warnings.length, 1)
})
