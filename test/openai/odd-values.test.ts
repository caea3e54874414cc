import * as assert from 'uvu/assert'
import {NnError} from '../../src/errors.js'
import {chatBody, completionBody, embeddingsBody} from '../../src/openai/schema.js'
import {deep, excessive, unwritable} from '../support/odd-values.js'
import {suite} from '../support/suite.js'
import {sharedServer} from './support/serve.js'

// Whatever a field is given: 400 with a short message, never 500.
const test = suite('odd values over HTTP', {timeoutMs: 30_000})
const served = sharedServer(test, {config: {parallel: 1}})

const messages = '"messages": [{"role": "user", "content": "Hi"}], "max_tokens": 1'
const routes: [path: string, valid: string, fields: string[]][] = [
  ['/v1/chat/completions', messages, Object.keys(chatBody.properties)],
  ['/v1/completions', '"prompt": "Hi", "max_tokens": 1', Object.keys(completionBody.properties)],
  ['/v1/embeddings', '"input": "Hi"', Object.keys(embeddingsBody.properties)],
  ['/apply-template', messages, ['model', 'messages', 'tools', 'chat_template_kwargs', 'max_tokens']],
  ['/tokenize', '"content": "Hi"', ['model', 'content', 'add_special', 'parse_special', 'with_pieces']],
  ['/detokenize', '"tokens": [1]', ['model', 'tokens']],
]

async function post(path: string, body: string): Promise<{status: number; message: string; param: string | null}> {
  const headers = {'content-type': 'application/json'}
  const response = await fetch(served().http.url + path, {method: 'POST', headers, body})
  const {error} = (await response.json()) as {error: {message: string; param: string | null}}
  return {status: response.status, ...error}
}

for (const [path, valid, known] of routes) {
  for (const {what, json = ''} of deep) {
    test(`${path} rejects ${what} in every field, and names it`, async () => {
      for (const field of [...known, 'unknown']) {
        const {status, message, param} = await post(path, `{${valid}, "${field}": ${json}}`)
        assert.equal([status, param, message], [400, field, `${field}: is nested more than 100 levels deep.`])
      }
    })
  }
  test(`${path} rejects more values than are allowed`, async () => {
    for (const {what, json = ''} of excessive.filter((each) => !deep.includes(each))) {
      const {status, message} = await post(path, `{${valid}, "metadata": ${json}}`)
      assert.is(status, 400, what)
      assert.match(message, /^The body has .*more than 10+ /)
    }
  })
}

test('values deep within other fields are found, too', async () => {
  const [json = ''] = deep.map((each) => each.json)
  for (const fields of [
    `"messages": [{"role": "user", "content": "Hi", "x": ${json}}]`,
    `"messages": [{"role": "user", "content": [{"type": "text", "text": ${json}}]}]`,
    `${messages}, "response_format": {"type": "json_schema", "json_schema": {"schema": {"enum": [${json}]}}}`,
    `${messages}, "logit_bias": {"1": ${json}}`,
  ]) {
    assert.is((await post('/v1/chat/completions', `{${fields}}`)).status, 400)
  }
})

test('a name as long as the body is cut in the message', async () => {
  const name = 'x'.repeat(1_000_000)
  for (const [path, body] of [
    ['/v1/chat/completions', `{${messages}, "model": "${name}"}`],
    ['/v1/chat/completions', `{${messages}, "logit_bias": {"${name}": 1}}`],
    ['/v1/chat/completions', `{${messages}, "stream_options": {"include_usage": "${name}"}}`],
    ['/v1/chat/completions', `{"messages": [{"role": "${name}"}]}`],
    ['/v1/embeddings', `{"input": "a", "encoding_format": "${name}"}`],
  ] as const) {
    const {status, message, param} = await post(path, body)
    assert.ok(status === 400 || status === 404, message)
    assert.ok(message.length <= 4001 && (param ?? '').length <= 201, `${message.length} characters`)
  }
})

test('what a program passes to a call of its own is taken or rejected, too', async () => {
  const {backend, graph} = served()
  for (const {what, value} of [...excessive, ...unwritable]) {
    for (const options of [{template_variables: {a: value()}}, {json_schema: {enum: value()}}, value()]) {
      const failure = await backend.core.answer({graph}, {input: 'Hi', options: options as object}).then(
        () => undefined,
        (error: unknown) => error,
      )
      assert.ok(failure instanceof NnError && failure.code === 'invalid_argument', `${what}: ${String(failure)}`)
      assert.ok(failure.message.length < 500)
    }
    const failure = await backend.core
      .load({name: 'x.gguf'}, {config: {model: value()}})
      .catch((error: unknown) => error)
    assert.ok(failure instanceof NnError && failure.code === 'invalid_argument', what)
  }
})
