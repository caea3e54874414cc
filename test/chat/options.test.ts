import * as assert from 'uvu/assert'
import {configFromObject} from '../../src/config/index.js'
import type {RuntimeOptions} from '../../src/config/index.js'
import {changeOption, optionKeys, optionNames, readOptions, valueInForce} from '../../src/chat/options.js'
import {thrownBy} from '../support/rejects.js'
import {suite} from '../support/suite.js'

const test = suite('options of a chat')
const {config} = configFromObject({temp: 0.3})

const changes: [name: string, typed: string, options: RuntimeOptions][] = [
  ['temp', '0.2', {temp: 0.2}],
  ['temperature', '0.2', {temp: 0.2}],
  ['max-tokens', '7', {max_tokens: 7}],
  ['prompt_mode', 'raw', {prompt_mode: 'raw'}],
  ['ignore_eos', 'true', {ignore_eos: true}],
  ['stop', 'END', {stop: ['END']}],
  ['stop', '["a", "b"]', {stop: ['a', 'b']}],
  ['stop', '"default"', {stop: ['default']}],
  ['stop', 'an [END]', {stop: ['an [END]']}],
  ['grammar', 'root ::= "x"', {grammar: 'root ::= "x"'}],
  ['temp', '-1', {}],
  ['sampling.temp', '0.2', {temp: 0.2}],
  ['stopping-criteria.stop', 'END', {stop: ['END']}],
  ['sampling', '{"temp": 0.2, "top-k": 3}', {temp: 0.2, top_k: 3}],
]
for (const [name, typed, options] of changes) {
  test(`${name} ${typed} is understood`, () => assert.equal(changeOption({}, name, typed, config).options, options))
}

test('default takes an option back, under any of its names', () => {
  assert.equal(changeOption({temp: 1, top_k: 3}, 'temperature', 'default', config).options, {top_k: 3})
})

const mistakes: [name: string, typed: string, message: RegExp][] = [
  ['temp', 'hot', /^temp: must be a number/],
  ['temp', '1000', /^temp: must be a number from 0 to 100; got 1000$/],
  ['tmep', '1', /^tmep: unknown key "tmep"\n {2}Did you mean "temp"\?$/],
  ['history', '[]', /^history cannot be set/],
  ['system_prompt', 'x', /^system_prompt cannot be set/],
  ['stop', '["END', /^stop: \["END is not valid JSON: /],
  ['stop', '"END', /^stop: "END is not valid JSON: /],
  ['stop', '{END', /^stop: \{END is not valid JSON: /],
  ['sampling', '{"temp": 0.3', /^sampling: \{"temp": 0.3 is not valid JSON: /],
  ['sampling.tmep', '1', /tmep: unknown key "\S+"\n {2}Did you mean "\S*temp"\?$/],
  ['sampling', '0.2', /^sampling: must be an object/],
  ['request', '{"history": []}', /^history cannot be set/],
  ['request.history', '[]', /^history cannot be set/],
  ['stream_stdout', 'true', /^stream_stdout cannot be set/],
]
for (const [name, typed, message] of mistakes) {
  test(`${name} ${typed} is refused`, async () => {
    const error = await thrownBy(Promise.resolve().then(() => changeOption({}, name, typed, config)))
    assert.match((error as Error).message, message)
  })
}

test('the names offered are those that can be set', () => {
  assert.ok(optionNames.includes('temp'))
  assert.not.ok(optionNames.includes('history'))
  for (const name of optionNames) assert.equal(optionKeys(name, config), [name])
})

test('the value in force is what was set, else what is configured', () => {
  assert.equal([valueInForce({temp: 1}, 'temp', config), valueInForce({}, 'temp', config)], [1, 0.3])
})

test('several options are checked together', () => {
  assert.equal(readOptions({temp: 1, 'top-k': 2}, config), {temp: 1, top_k: 2})
})
