import * as assert from 'uvu/assert'
import {configFromObject, defaultConfig} from '../../src/config/index.js'
import {suite} from '../support/suite.js'

const test = suite('defaults')

const configure = (value: unknown, options: Parameters<typeof configFromObject>[1] = {}) =>
  configFromObject(value, options).config

test('threads are eight, or all cores but one', () => {
  assert.is(defaultConfig(64).model.threads, 8)
  assert.is(defaultConfig(2).model.threads, 1)
  assert.is(defaultConfig(1).model.threads, 1)
  assert.is(configure({threads: 16}, {cores: 2}).model.threads, 16)
})

test('no task and no answer has a time limit', () => {
  const {backend, stopping} = defaultConfig()
  assert.equal([backend.default_task_timeout_ms, stopping.max_time_ms], [0, 0])
})

test('the thresholds of the queue follow its size', () => {
  const thresholds = (value: unknown): number[] => {
    const {backend} = configure(value)
    return [backend.queue_warning_threshold, backend.queue_reject_threshold]
  }
  assert.equal(thresholds({}), [40, 50])
  assert.equal(thresholds({queue_size: 10}), [8, 10])
  assert.equal(thresholds({queue_size: 1}), [1, 1])
  assert.equal(thresholds({queue_size: 10, queue_reject_threshold: 7}), [8, 7])
})

test('n_predict alone limits the answer', () => {
  assert.is(configure({n_predict: 5}).stopping.max_tokens, 5)
  assert.is(configure({n_predict: -1}).stopping.max_tokens, -1)
  assert.is(configure({n_predict: 5, max_tokens: 6}).stopping.max_tokens, 6)
})

test('a configuration over another keeps what it does not give', () => {
  const base = configure({temp: 0.1, stop: ['x'], max_sessions: 3})
  const config = configure({top_k: 5, stop: []}, {base, scope: 'graph'})
  assert.equal(
    [config.sampling.temp, config.sampling.top_k, config.stopping.stop, config.backend.max_sessions],
    [0.1, 5, [], 3],
  )
  assert.equal(base.stopping.stop, ['x'])
})

test('a derived default follows what it is derived from, a given value stays', () => {
  const derived = configure({n_predict: 100})
  assert.is(configure({n_predict: 7}, {base: derived}).stopping.max_tokens, 7)
  const given = configure({n_predict: 100, max_tokens: 50})
  assert.is(configure({n_predict: 7}, {base: given}).stopping.max_tokens, 50)
})

test('keys of the backend have no effect on a single model, and are reported', () => {
  const base = defaultConfig()
  const {config, warnings} = configFromObject(
    {max_sessions: 3, logging: {level: 'none'}, temp: 0},
    {base, scope: 'graph'},
  )
  assert.equal([config.backend, config.logging, config.sampling.temp], [base.backend, base.logging, 0])
  assert.equal(warnings.map(({path, value, used}) => [path, value, used]).sort(), [
    ['logging.level', 'none', 'info'],
    ['max_sessions', 3, 100],
  ])
})

test('every call makes its own defaults', () => {
  defaultConfig().sampling.dry_sequence_breakers.push('x')
  assert.equal(defaultConfig().sampling.dry_sequence_breakers, ['\n', ':', '"', '*'])
})
