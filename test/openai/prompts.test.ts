import * as assert from 'uvu/assert'
import {suite} from '../support/suite.js'
import {sharedServer} from './support/serve.js'

const test = suite('prompts and tokens over HTTP', {timeoutMs: 20_000})
const served = sharedServer(test, {config: {parallel: 1, ctx_size: 256}})

interface Posted {
  status: number
  ignored: string | null
  body: unknown
}

async function post(route: string, body: object): Promise<Posted> {
  const response = await fetch(served().http.url + route, {
    method: 'POST',
    headers: {'content-type': 'application/json'},
    body: JSON.stringify(body),
  })
  const {status, headers} = response
  return {status, ignored: headers.get('x-wnn-ignored-fields'), body: await response.json()}
}

interface Applied {
  prompt: string
  tokens: number[]
  dropped_messages: number
}

const question = [
  {role: 'system', content: 'Be brief.'},
  {role: 'user', content: 'Hello!'},
]

test('/apply-template gives the prompt that a chat is answered for', async () => {
  const {status, body: applied} = await post('/apply-template', {messages: question})
  assert.is(status, 200)
  const body = applied as Applied
  assert.is(
    body.prompt,
    '<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHello!<|im_end|>\n<|im_start|>assistant\n',
  )
  const {usage} = await served().client.chat.completions.create({
    max_completion_tokens: 1,
    model: (await served().client.models.list()).data[0]?.id ?? '',
    messages: question as never,
  })
  assert.is(usage?.prompt_tokens, body.tokens.length)
})

test('/apply-template says how many messages do not fit', async () => {
  const turn = [
    {role: 'user', content: 'word '.repeat(40)},
    {role: 'assistant', content: 'word '.repeat(40)},
  ]
  const {body: applied} = await post('/apply-template', {messages: [...turn, ...turn, ...turn, ...question.slice(1)]})
  const body = applied as Applied
  assert.ok(body.dropped_messages > 0 && body.dropped_messages < 7)
  assert.match(body.prompt, 'Hello!')
})

test('/tokenize and /detokenize are inverse', async () => {
  const content = 'Grüße, 東京 <|im_end|>'
  const tokensOf = async (body: object): Promise<unknown[]> =>
    ((await post('/tokenize', body)).body as {tokens: unknown[]}).tokens
  const tokens = await tokensOf({content})
  assert.equal((await post('/detokenize', {tokens})).body, {content})
  assert.ok((await tokensOf({content, parse_special: false})).length > tokens.length)
  const pieces = (await tokensOf({content: 'Hello!', with_pieces: true})) as {id: number; piece: string}[]
  assert.is(pieces.map(({piece}) => piece).join(''), 'Hello!')
  const parts = (await tokensOf({content: 'é', with_pieces: true})) as {piece: string | number[]}[]
  assert.equal(
    parts.flatMap(({piece}) => (typeof piece === 'string' ? [...Buffer.from(piece)] : piece)),
    [195, 169],
  )
})

test('what is wrong is named', async () => {
  const failed = async (route: string, body: object): Promise<{status: number; message: string}> => {
    const answer = await post(route, body)
    return {status: answer.status, message: (answer.body as {error: {message: string}}).error.message}
  }
  const wrong = await failed('/detokenize', {tokens: [1, 2 ** 31 - 1]})
  assert.is(wrong.status, 400)
  assert.match(wrong.message, /2147483647 is not a token of this model, which has the tokens 0 to \d+/)
  const none = await failed('/apply-template', {messages: []})
  assert.is(none.status, 400)
  assert.match(none.message, /^messages: /)
  const reserved = await failed('/apply-template', {messages: question, chat_template_kwargs: {messages: []}})
  assert.is(reserved.status, 400)
  assert.match(reserved.message, /^chat_template_kwargs\.messages: must be a name other than "messages", "add_/)
  assert.is((await post('/tokenize', {content: 'a', colour: 1})).ignored, 'colour')
})

test('values that no template can get are named', async () => {
  const messages = JSON.stringify(question)
  const nested = `${'['.repeat(100_000)}${']'.repeat(100_000)}`
  for (const [route, fields, said] of [
    [
      '/apply-template',
      `"chat_template_kwargs": {"a": ${nested}}`,
      /^chat_template_kwargs: is nested more than 100 levels deep/,
    ],
    ['/apply-template', `"tools": [{"a": ${nested}}]`, /^tools: is nested more than 100 levels deep/],
    ['/v1/chat/completions', `"chat_template_kwargs": {"a": ${nested}}`, /^chat_template_kwargs: is nested more/],
    ['/apply-template', '"chat_template_kwargs": {"a": [[1e300]]}', /^The template variable a\[0\]\[0\] cannot be/],
    ['/v1/chat/completions', '"chat_template_kwargs": {"a": 1e300}', /^The template variable a cannot be passed on/],
  ] as const) {
    // JSON.stringify could not write it.
    const response = await fetch(served().http.url + route, {
      method: 'POST',
      headers: {'content-type': 'application/json'},
      body: `{"messages": ${messages}, ${fields}}`,
    })
    const {error} = (await response.json()) as {error: {message: string}}
    assert.is(response.status, 400, error.message)
    assert.match(error.message, said)
  }
})
