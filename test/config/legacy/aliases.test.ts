import * as assert from 'uvu/assert'
import {configFromObject, configSchema, type Config} from '../../../src/config/index.js'
import {keyAliases, legacyShapes, sectionAliases, valueAliases} from '../../../src/config/legacy/aliases.js'
import {configSections, getKey, keysOf, type AnyConfig, type KeyName} from '../../../src/config/schema.js'
import {spellingsOf} from '../../../src/config/legacy/spellings.js'
import {createValidator} from '../../../src/documents/index.js'
import {suite} from '../../support/suite.js'

const test = suite('names of keys')

const keys = new Map(keysOf(configSections).map((each) => [each.name, each]))

/** A valid value of the key that is not its default. */
function otherValue(name: KeyName): unknown {
  const {type, default: usual, enum: choices, anyOf, minimum = 0, items} = keys.get(name)?.schema ?? {}
  if (choices !== undefined) return choices.find((choice) => choice !== usual)
  if (name === 'sampling.json_schema') return {type: 'string'}
  if (name === 'model.chat_template') return 'chatml'
  if (name === 'model.template_variables') return {enable_thinking: false}
  if (name === 'sampling.logit_bias') return [[1, false]]
  if (anyOf !== undefined) {
    const number = (anyOf as {type?: string; minimum?: number}[]).find((branch) => branch.type === 'integer')
    return number === undefined ? false : (number.minimum ?? 0) + 19
  }
  if (type === 'boolean') return usual !== true
  if (type === 'array') return JSON.stringify(items).includes('regex') ? ['a+'] : ['x']
  if (type === 'string') return 'x'
  return type === 'integer' ? Math.max(minimum, 1) + 19 : 0.55
}

function valueOf(config: Config, name: KeyName): unknown {
  return getKey(config as unknown as AnyConfig, name)
}

function nest(path: readonly string[], value: unknown): unknown {
  return path.reduceRight<unknown>((inner, name) => ({[name]: inner}), value)
}

const named: Record<string, KeyName> = {
  auto_cleanup_enabled: 'backend.auto_cleanup',
  auto_cleanup_sessions: 'backend.auto_cleanup',
  n_ctx: 'model.ctx_size',
  n_batch: 'model.batch_size',
  n_threads: 'model.threads',
  'flash-attn': 'model.flash_attention',
  temperature: 'sampling.temp',
  'typ-p': 'sampling.typical_p',
  repeat_last_n: 'sampling.penalty_last_n',
  'last-n-penalty': 'sampling.penalty_last_n',
  'dry-multipier': 'sampling.dry_multiplier',
  logprobs: 'sampling.n_probs',
  stop_sequences: 'stopping.stop',
  'ctx-shift': 'memory.context_shifting',
  'n-keep': 'memory.n_keep_tokens',
  enable_token_cache_reuse: 'memory.cache_prompt',
}
for (const [alias, name] of Object.entries(named)) {
  test(`${alias} is ${name}, at the top level and in the section`, () => {
    const value = otherValue(name)
    for (const document of [{[alias]: value}, {[name.split('.')[0] ?? '']: {[alias]: value}}]) {
      const {config, warnings} = configFromObject(document)
      assert.equal(warnings, [])
      assert.equal(valueOf(config, name), value)
    }
  })
}

test('memory_policy and stopping_criteria are sections', () => {
  const {config, warnings} = configFromObject({memory_policy: {n_keep: 3}, stopping_criteria: {max_tokens: 4}})
  assert.equal([config.memory.n_keep_tokens, config.stopping.max_tokens, warnings], [3, 4, []])
})

const allowedByEditors = createValidator({...configSchema(), $schema: undefined})

test('every spelling of every key sets it, nothing is warned of, and the published schema allows it', () => {
  for (const {path, target} of spellingsOf(configSections)) {
    if (target === 'sampling.mirostat' || target === 'sampling.dry_base') continue
    const value = otherValue(target)
    const {config, warnings} = configFromObject(nest(path, value))
    assert.equal(warnings, [], path.join('.'))
    assert.equal(valueOf(config, target), value, path.join('.'))
    assert.ok(allowedByEditors(nest(path, value)), path.join('.'))
  }
  assert.is(configFromObject({mirostat: 2}).config.sampling.mirostat, 2)
  assert.is(configFromObject({dry_base: 2.5}).config.sampling.dry_base, 2.5)
})

test('every key may be written flat, in its section, and with hyphens', () => {
  const paths = new Set(spellingsOf(configSections).map(({path}) => path.join('.')))
  for (const {name, key} of keys.values()) {
    assert.ok(paths.has(name), name)
    assert.ok(paths.has(key), key)
  }
  const {config, warnings} = configFromObject({'ctx-size': 64, 'memory-policy': {'n-keep-tokens': 5}})
  assert.equal([config.model.ctx_size, config.memory.n_keep_tokens, warnings], [64, 5, []])
})

test('no two keys share a spelling', () => {
  const paths = spellingsOf(configSections).map(({path}) => path.join('.'))
  assert.is(new Set(paths).size, paths.length)
})

test('the tables name keys and sections that exist', () => {
  for (const name of Object.keys({...keyAliases, ...legacyShapes, ...valueAliases})) {
    assert.ok(keys.has(name as KeyName), name)
  }
  for (const section of Object.keys(sectionAliases)) assert.ok(section in configSections, section)
})

test('of two spellings the one in the section wins, and the other is reported', () => {
  const {config, warnings} = configFromObject({temp: 0.1, temperature: 0.2, sampling: {temperature: 0.3, temp: 0.4}})
  assert.is(config.sampling.temp, 0.4)
  assert.equal(warnings.map(({path}) => path).sort(), ['sampling.temperature', 'temp', 'temperature'])
  assert.is(
    warnings.at(-1)?.message,
    'sampling.temperature: is ignored, because sampling.temp is the same setting. Using 0.4.',
  )
})

test('two spellings with one value are no matter', () => {
  assert.equal(configFromObject({temp: 0.1, sampling: {temp: 0.1}}).warnings, [])
})

test('batch_size is one setting of model and performance', () => {
  const sizes = (value: unknown): unknown[] => {
    const {model, performance} = configFromObject(value).config
    return [model.batch_size, performance.batch_size]
  }
  assert.equal(sizes({}), ['auto', 'auto'])
  assert.equal(sizes({performance: {batch_size: 64}}), [64, 64])
  assert.equal(sizes({batch_size: 64}), [64, 64])
  assert.equal(sizes({n_batch: 64}), [64, 64])
  assert.equal(sizes({performance: {batch_size: 64}, model: {batch_size: 32}}), [32, 32])
  assert.equal(sizes({performance: {batch_size: 64}, batch_size: 32}), [64, 64])
})

test('ignore_eos is one setting of sampling and stopping', () => {
  for (const value of [{ignore_eos: true}, {sampling: {ignore_eos: true}}, {stopping: {ignore_eos: true}}]) {
    const {sampling, stopping} = configFromObject(value).config
    assert.equal([sampling.ignore_eos, stopping.ignore_eos], [true, true])
  }
})

test('values of llama.cpp are understood', () => {
  assert.is(configFromObject({n_gpu_layers: -1}).config.model.n_gpu_layers, 'max')
  assert.is(configFromObject({flash_attn: 'on'}).config.model.flash_attention, true)
  assert.is(configFromObject({flash_attention: 'off'}).config.model.flash_attention, false)
})
