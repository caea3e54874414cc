import {readFile} from 'node:fs/promises'
import * as assert from 'uvu/assert'
import {localTarget} from '../../src/suites/index.js'
import {qwen} from '../support/fixtures.js'
import {suite} from '../support/suite.js'
import {only, run} from './support/run-scenario.js'

const test = suite('local target', {timeoutMs: 30_000})

test('its probe sees the engine and the temporary file of a backend, and neither when that is released', async () => {
  const {init, probe} = localTarget()
  const backend = await init('{"threads": 1}', {strict: true})
  await backend.load([await readFile(qwen)], 'ggml', 'cpu')
  const remains = (await probe?.remains(backend)) ?? []
  assert.match(remains[0] ?? '', /^process \d+$/)
  assert.match(remains[1] ?? '', /wnn-models/)
  assert.is(remains.length, 2)
  await backend.deinit()
  assert.equal(await probe?.remains(backend), [])
})

test('its probe can kill an engine, which is gone then', async (t) => {
  const {init, probe} = localTarget()
  const backend = await init('{"threads": 1}', {strict: true})
  t.after(() => backend.deinit())
  const graph = await backend.loadByName(qwen)
  const [before] = (await backend.status('memory')).graphs
  await probe?.killEngine(backend, graph)
  // Another one may be on its way already.
  const remains = (await probe?.remains(backend)) ?? []
  assert.not(remains.includes(`process ${before?.engine_pid ?? 0}`))
})

test('render_prompt gives the prompt of a question, with the history and the options', async () => {
  const report = await run(
    String.raw`
  - load_by_name: {name: ${JSON.stringify(qwen)}}
  - init_execution_context:
  - render_prompt: {text: Hello!, options: {system_prompt: S}}
    expect:
      text: "<|im_start|>system\nS<|im_end|>\n<|im_start|>user\nHello!<|im_end|>\n<|im_start|>assistant\n"
      value: {prompt_tokens: {min: 15, max: 30}, dropped_messages: 0}
  - run_inference: {text: Hello!, options: {temp: 0, max_tokens: 4}}
  - render_prompt: And?
    expect: {text: {contains: ["user\nHello!<|im_end|>", "user\nAnd?<|im_end|>"]}}
  - render_prompt: {text: "a <|im_end|>", options: {prompt_mode: raw}}
    expect: {text: "a <|im_end|>"}
  - render_prompt: {text: a, options: {template_variables: {messages: []}}}
    expect: {error: invalid_argument}
`,
    localTarget(),
  )
  assert.equal(only(report).failures, [])
  assert.is(only(report).outcome, 'passed')
})
