import * as assert from 'uvu/assert'
import {defaultConfig, parseConfig, type Config} from '../../src/config/index.js'
import {suite} from '../support/suite.js'

const test = suite('configurations of the scenarios')

/** The keys of each section that must have these values. */
type Expected = {[S in keyof Config]?: Partial<Config[S]>}

/** The text must give exactly the expected values, the defaults for the rest, and no warning. */
function expectConfig(text: string, expected: Expected): void {
  const {config, warnings} = parseConfig(text, {cores: 64})
  assert.equal(warnings, [])
  const whole = defaultConfig(64)
  for (const [section, keys] of Object.entries(expected)) Object.assign(whole[section as keyof Config], keys)
  assert.equal(config, whole)
}

test('2: the legacy flat configuration', () => {
  expectConfig('{"max_sessions":25,"idle_timeout_ms":150000,"auto_cleanup":false,"max_concurrent":2,"queue_size":10}', {
    backend: {
      max_sessions: 25,
      idle_timeout_ms: 150_000,
      auto_cleanup: false,
      max_concurrent: 2,
      queue_size: 10,
      queue_warning_threshold: 8,
      queue_reject_threshold: 10,
    },
  })
})

test('3: the nested configuration, with memory_policy', () => {
  const text = JSON.stringify({
    backend: {max_sessions: 100, idle_timeout_ms: 300_000, auto_cleanup: true, max_concurrent: 8, queue_size: 50},
    memory_policy: {context_shifting: false, cache_strategy: 'fifo', max_cache_tokens: 12_345},
    logging: {level: 'warn', enable_debug: true},
    performance: {batch_processing: false, batch_size: 256},
  })
  expectConfig(text, {
    model: {batch_size: 256},
    memory: {context_shifting: false, cache_strategy: 'fifo', max_cache_tokens: 12_345},
    logging: {level: 'warn', enable_debug: true},
    performance: {batch_processing: false, batch_size: 256},
  })
})

test('4: the legacy model configuration', () => {
  const text =
    '{"n_gpu_layers":48,"ctx_size":1024,"n_predict":256,"batch_size":256,"threads":4,"temp":0.8,"top_p":0.9,"repeat_penalty":1.05}'
  expectConfig(text, {
    model: {n_gpu_layers: 48, ctx_size: 1024, n_predict: 256, batch_size: 256, threads: 4},
    sampling: {temp: 0.8, top_p: 0.9, repeat_penalty: 1.05},
    stopping: {max_tokens: 256},
    performance: {batch_size: 256},
  })
})

test('5: the nested model configuration with GPU', () => {
  const model = {n_gpu_layers: 98, ctx_size: 2048, n_predict: 512, batch_size: 512, threads: 8}
  const sampling = {
    temp: 0.6,
    top_p: 0.96,
    top_k: 41,
    min_p: 0.06,
    typical_p: 0.97,
    repeat_penalty: 1.2,
    presence_penalty: 0.1,
    frequency_penalty: 0.2,
    penalty_last_n: 65,
    mirostat: 2,
    mirostat_tau: 4.5,
    mirostat_eta: 0.2,
    seed: 42,
  }
  const stopping = {max_tokens: 300, max_time_ms: 20_000, stop: ['\n\n', 'User:'], ignore_eos: false}
  const memory = {context_shifting: true, cache_prompt: false, max_cache_tokens: 5000}
  const expected = {model, sampling, stopping, memory, performance: {batch_size: 512}}
  expectConfig(JSON.stringify({model, sampling, stopping, memory}), expected)
})

test('5: sampling beside flat model keys', () => {
  expectConfig('{"ctx_size":512,"sampling":{"temp":0.1}}', {model: {ctx_size: 512}, sampling: {temp: 0.1}})
})

test('11: the task queue', () => {
  const backend = {
    max_concurrent: 2,
    queue_size: 5,
    default_task_timeout_ms: 30_000,
    queue_warning_threshold: 4,
    queue_reject_threshold: 5,
  }
  expectConfig(JSON.stringify({backend}), {backend})
  expectConfig(JSON.stringify(backend), {backend})
})

test('14: the advanced task queue', () => {
  const backend = {
    max_concurrent: 4,
    queue_size: 10,
    default_task_timeout_ms: 60_000,
    priority_scheduling_enabled: true,
    fair_scheduling_enabled: false,
    queue_warning_threshold: 8,
    queue_reject_threshold: 10,
  }
  const model = {ctx_size: 4096, threads: 16}
  expectConfig(JSON.stringify({backend, model}), {backend, model})
})

const shapes = {
  grammar_triggers: {patterns: ['[.!?]$']},
  timeout_config: {max_inference_time_ms: 1234},
  semantic_stopping: {max_repetition_count: 3},
  token_filters: {forbidden_tokens: [7, 'bad'], pattern_based_triggers: ['END']},
}
const mapped = {
  // Both shapes name patterns that end the answer: it ends at either.
  patterns: ['[.!?]$', 'END'],
  max_time_ms: 1234,
  max_repetition_count: 3,
  forbidden_tokens: [7, 'bad'],
}
for (const [where, text] of Object.entries({
  'at the top level': JSON.stringify(shapes),
  'in stopping': JSON.stringify({stopping: shapes}),
  'in stopping_criteria': JSON.stringify({stopping_criteria: shapes}),
})) {
  test(`22: the legacy shape of stopping, ${where}`, () => expectConfig(text, {stopping: mapped}))
}
