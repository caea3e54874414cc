import fc from 'fast-check'
import * as assert from 'uvu/assert'
import {
  applyRuntimeOptions,
  ConfigError,
  configFromObject,
  defaultConfig,
  parseRuntimeOptions,
} from '../../src/config/index.js'
import {suite} from '../support/suite.js'

const test = suite('runtime options')

const config = configFromObject({temp: 0.3, stop: ['a', 'b'], grammar: 'root ::= "x"'}).config
const read = (options: object | string, strict = false) =>
  parseRuntimeOptions(typeof options === 'string' ? options : JSON.stringify(options), {strict, config})

test('keys of sampling and stopping and those of requests are read', () => {
  const options = {temp: 0, max_tokens: 5, priority: 'urgent', timeout_ms: 50, system_prompt: 'Be brief.'}
  assert.equal(read(options), {options, warnings: []})
})

test('other names, sections, hyphens and legacy shapes are understood', () => {
  const {options, warnings} = read({
    temperature: 0.2,
    'n-predict': 9,
    stop_sequences: ['x'],
    sampling: {'top-k': 3},
    stopping: {timeout_config: {max_inference_time_ms: 7}},
    'enable-log': false,
  })
  assert.equal(warnings, [])
  assert.equal(options, {temp: 0.2, max_tokens: 9, stop: ['x'], top_k: 3, max_time_ms: 7, enable_log: false})
})

test('-1 is as configured where it is no value of the key', () => {
  assert.equal(read({temp: -1, max_time_ms: -1, timeout_ms: -1, stop: -1, priority: -1}), {options: {}, warnings: []})
  assert.equal(read({seed: -1, top_k: -1, max_tokens: -1}).options, {seed: -1, top_k: -1, max_tokens: -1})
})

test('timeout_ms is 0 for no limit, or 10 and more', () => {
  assert.equal(read({timeout_ms: 0}).options, {timeout_ms: 0})
  assert.equal(read({timeout_ms: 10}).options, {timeout_ms: 10})
  const {options, warnings} = read({timeout_ms: 9})
  assert.equal(options, {})
  assert.match(warnings[0]?.message ?? '', /must be 0 or an integer from 10 to 86400000/)
})

test('20: broken options are a warning, and what is configured is used', () => {
  const {options, warnings} = read('{"temp":')
  assert.equal(options, {})
  assert.is(warnings.length, 1)
  const wrong = read({temp: 'hot', tmep: 1, top_p: 0.5})
  assert.equal(wrong.options, {top_p: 0.5})
  assert.equal(wrong.warnings.map(({path, used}) => [path, used]).sort(), [
    ['temp', 0.3],
    ['tmep', null],
  ])
})

test('broken options are an error when mistakes are errors', () => {
  for (const text of ['{"temp":', '{"temp":"hot"}', '{"tmep":1}', '[]']) {
    assert.throws(
      () => read(text, true),
      (error: unknown) => error instanceof ConfigError,
      text,
    )
  }
})

test('an empty text has no options', () => {
  assert.equal(read(' \n', true), {options: {}, warnings: []})
})

test('what is not asked for is as configured', () => {
  const {sampling, stopping, request} = applyRuntimeOptions(config, {})
  assert.equal([sampling, stopping], [config.sampling, config.stopping])
  assert.equal(request, {
    priority: 'normal',
    timeout_ms: 0,
    system_prompt: '',
    enable_log: true,
    stream_stdout: false,
    deterministic: false,
    prompt_mode: 'chat',
    template_variables: {},
    history: null,
  })
})

test('options hold over the configuration; lists replace', () => {
  const {sampling, stopping, request} = applyRuntimeOptions(config, {temp: 1, stop: ['c'], prompt_mode: 'raw'})
  assert.equal([sampling.temp, stopping.stop, request.prompt_mode], [1, ['c'], 'raw'])
})

test('ignore_eos reaches both sections', () => {
  const {sampling, stopping} = applyRuntimeOptions(config, read({ignore_eos: true}).options)
  assert.equal([sampling.ignore_eos, stopping.ignore_eos], [true, true])
})

test('a json_schema replaces a configured grammar', () => {
  const {sampling} = applyRuntimeOptions(config, {json_schema: {type: 'object'}})
  assert.equal([sampling.grammar, sampling.json_schema], ['', {type: 'object'}])
})

test('an option that is undefined is as configured', () => {
  const options = JSON.parse('{}') as Record<string, unknown>
  options.temp = undefined
  assert.is(applyRuntimeOptions(config, options).sampling.temp, 0.3)
})

test('no options throw or change the configuration', () => {
  const before = structuredClone(config)
  const names = [
    ...Object.keys(config.sampling),
    ...Object.keys(config.stopping),
    'priority',
    'timeout_ms',
    '__proto__',
  ]
  const documents = fc.dictionary(fc.constantFrom(...names), fc.oneof(fc.jsonValue(), fc.constant(-1)))
  fc.assert(
    fc.property(documents, (value) => {
      applyRuntimeOptions(config, read(value).options)
      assert.equal(config, before)
    }),
  )
})

test('a history has turns of users and assistants only', () => {
  const history = [
    {role: 'user', content: 'Hello!'},
    {role: 'assistant', content: 'Hello! How can I help you?'},
  ]
  assert.equal(read({history}, true).options, {history})
  for (const turn of [{role: 'system', content: 'x'}, {role: 'user'}, {role: 'user', content: 'x', name: 'y'}, 'x']) {
    assert.throws(
      () => read({history: [...history, turn]}, true),
      (error: unknown) => error instanceof ConfigError,
      JSON.stringify(turn),
    )
  }
})

test('a request has the prompt mode of its model', () => {
  const raw = {...defaultConfig()}
  raw.model.prompt_mode = 'raw'
  assert.is(applyRuntimeOptions(raw, {}).request.prompt_mode, 'raw')
})
