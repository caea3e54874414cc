import * as assert from 'uvu/assert'
import {suite} from '../support/suite.js'
import {sharedServer} from './support/serve.js'

const test = suite('messages that a prompt lacks, over HTTP', {timeoutMs: 20_000})
const served = sharedServer(test, {config: {ctx_size: 96}})

const messages = Array.from({length: 13}, (_, index) => ({
  ...{role: index % 2 === 0 ? 'user' : 'assistant', content: `This is message number ${index}.`},
}))
const post = (body: object): Promise<Response> =>
  fetch(`${served().http.url}/v1/chat/completions`, {
    method: 'POST',
    headers: {'content-type': 'application/json'},
    body: JSON.stringify({max_tokens: 8, ...body}),
  })

interface Part {
  usage?: {prompt_tokens_details: {dropped_messages?: number}}
  dropped_messages?: number
}

test('the usage and a header have the number', async () => {
  const response = await post({messages})
  const {usage} = (await response.json()) as Part
  const dropped = usage?.prompt_tokens_details.dropped_messages ?? 0
  assert.ok(dropped > 0 && dropped < messages.length, String(dropped))
  assert.is(response.headers.get('x-wnn-dropped-messages'), String(dropped))
})

test('a stream has it in its last chunk, and in the usage', async () => {
  const text = await (await post({messages, stream: true, stream_options: {include_usage: true}})).text()
  const parts = [...text.matchAll(/^data: (\{.*)$/gm)].map(([, json = '']) => JSON.parse(json) as Part)
  const [dropped, ...others] = parts.flatMap(({dropped_messages: one}) => (one === undefined ? [] : [one]))
  assert.ok(dropped !== undefined && dropped > 0)
  assert.equal(others, [])
  assert.is(parts.at(-1)?.usage?.prompt_tokens_details.dropped_messages, dropped)
})

test('a prompt that fits has none of them', async () => {
  const response = await post({messages: messages.slice(0, 1)})
  assert.is(response.headers.get('x-wnn-dropped-messages'), null)
  assert.not.match(await response.text(), /dropped_messages/)
})

test('the metrics count such prompts', async () => {
  const metrics = await (await fetch(`${served().http.url}/metrics`)).text()
  assert.match(metrics, /^wnn_shortened_prompts_total [1-9]/m)
})
