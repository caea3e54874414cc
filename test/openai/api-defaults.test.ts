import * as assert from 'uvu/assert'
import {configFromObject, withApiDefaults} from '../../src/config/index.js'
import {initCore, type LocalCore} from '../../src/index.js'
import {listenHttp} from '../../src/openai/index.js'
import {qwen} from '../support/fixtures.js'
import {suite, type TestContext} from '../support/suite.js'

// A client of OpenAI's API expects its defaults: with the configuration's, temperature 0 was not greedy.
const test = suite("defaults of OpenAI's API", {timeoutMs: 20_000})

interface Open {
  core: LocalCore
  graph: number
  chat: (fields: object, name?: string) => Promise<string>
}

async function open(t: TestContext, config: object = {}, loaded: object = {}): Promise<Open> {
  const core = await initCore({config, strict: true})
  t.after(() => core.deinit())
  const graph = await core.load({name: qwen}, {config: loaded})
  const server = await listenHttp(core, {port: 0, environment: {}})
  t.after(() => server[Symbol.asyncDispose]())
  const chat = async (fields: object): Promise<string> => {
    const body = JSON.stringify({messages: [{role: 'user', content: question}], ...limit, ...fields})
    const headers = {'content-type': 'application/json'}
    const response = await fetch(`${server.url}/v1/chat/completions`, {method: 'POST', headers, body})
    const {choices} = (await response.json()) as {choices: {message: {content: string}}[]}
    return choices[0]?.message.content ?? ''
  }
  return {core, graph, chat}
}

const question = 'Count: one two one two one two one two'
const limit = {max_tokens: 60, ignore_eos: true}
const answer = async ({core, graph}: Open, options: object): Promise<string> =>
  (await core.answer({graph}, {input: question, options: {...limit, history: [], ...options}})).text

test('temperature 0 over HTTP is greedy, and in the library as configured', async (t) => {
  const opened = await open(t)
  const greedy = await answer(opened, {temp: 0, repeat_penalty: 1})
  const penalized = await answer(opened, {temp: 0})
  assert.is.not(greedy, penalized)
  assert.is(await opened.chat({temperature: 0}), greedy)
  assert.is(await opened.chat({temperature: 0, repeat_penalty: 1.1}), penalized)
})

test("what the operator's configuration gives counts, of the backend as of the model", async (t) => {
  for (const [backend, model] of [
    [{sampling: {repeat_penalty: 1.1}}, {}],
    [{}, {repeat_penalty: 1.1}],
    // Another model setting does not hide that of the backend.
    [{'repeat-penalty': 1.1}, {top_k: 20}],
  ]) {
    const opened = await open(t, backend, model)
    const penalized = await answer(opened, {temp: 0})
    assert.is(await opened.chat({temperature: 0}), penalized)
    assert.is.not(await opened.chat({temperature: 0, repeat_penalty: 1}), penalized)
  }
})

test('a configuration may give a temperature of 0', async (t) => {
  const opened = await open(t, {temp: 0})
  assert.is(await opened.chat({}), await answer(opened, {repeat_penalty: 1}))
})

test('only keys that nobody gave have the defaults of the API', () => {
  const {config, given} = configFromObject({temp: 0.3, sampling: {min_p: 0.2}})
  const {sampling, stopping} = withApiDefaults(config, given)
  const {temp, top_p, top_k, min_p, repeat_penalty, presence_penalty, frequency_penalty} = sampling
  assert.equal([temp, top_p, top_k, min_p], [0.3, 1, 40, 0.2])
  assert.equal([repeat_penalty, presence_penalty, frequency_penalty], [1, 0, 0])
  assert.is(stopping.max_tokens, 512)
  // A value that equals the default is given, too.
  const same = configFromObject({temp: 0.7, top_p: 0.95, repeat_penalty: 1.1})
  assert.equal(withApiDefaults(same.config, same.given), same.config)
  assert.is(config.sampling.repeat_penalty, 1.1)
})

test('a mistake in the configuration is not given', () => {
  const {config, given} = configFromObject({repeat_penalty: 'much'})
  assert.is(withApiDefaults(config, given).sampling.repeat_penalty, 1)
})
