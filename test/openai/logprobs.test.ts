import * as assert from 'uvu/assert'
import type {TokenLogprob} from '../../src/backend/contract/types.js'
import {chatLogprobs, completionLogprobs} from '../../src/openai/logprobs.js'
import {suite} from '../support/suite.js'
import {sharedServer} from './support/serve.js'

const test = suite('log-probabilities of parts of characters', {timeoutMs: 20_000})
const served = sharedServer(test)

const likely = (text: string, bytes: number[], logprob = -1): TokenLogprob['top'][number] => ({
  ...{token: 1, text, bytes, logprob},
})
const half = likely('\uFFFD', [0xc3])
const tokens: TokenLogprob[] = [
  {...likely('caf', [99, 97, 102]), top: [half, likely('\uFFFD', [0xf0], -2)]},
  {...half, top: []},
  {...likely('\uFFFD', [0xa9]), top: [likely('', [], -Infinity)]},
  {...likely('😀', [...Buffer.from('😀')]), top: []},
  {...likely('!', [33]), top: []},
]

test('a chat has the raw bytes, and writes parts of characters as bytes', () => {
  const {content} = chatLogprobs(tokens, 2) as {content: {token: string; bytes: number[]; top_logprobs: object[]}[]}
  assert.equal(
    content.map(({token, bytes}) => [token, bytes]),
    [
      ['caf', [99, 97, 102]],
      ['\\xc3', [195]],
      ['\\xa9', [169]],
      ['😀', [240, 159, 152, 128]],
      ['!', [33]],
    ],
  )
  assert.equal(content[0]?.top_logprobs, [
    {token: '\\xc3', logprob: -1, bytes: [195]},
    {token: '\\xf0', logprob: -2, bytes: [240]},
  ])
  assert.equal(content[2]?.top_logprobs, [{token: '', logprob: -9999, bytes: []}])
})

test('completions keep alternatives apart, and their offsets are those of the text', () => {
  assert.equal(completionLogprobs(tokens, 2), {
    tokens: ['caf', 'bytes:\\xc3', 'bytes:\\xa9', '😀', '!'],
    token_logprobs: [-1, -1, -1, -1, -1],
    top_logprobs: [{'bytes:\\xc3': -1, 'bytes:\\xf0': -2}, {}, {'': -9999}, {}, {}],
    text_offset: [0, 3, 3, 4, 6],
  })
})

test('a chat over HTTP has the bytes of its text', async () => {
  const {client} = served()
  const [{id} = {id: ''}] = (await client.models.list()).data
  const {choices} = await client.chat.completions.create({
    ...{model: id, temperature: 0, max_completion_tokens: 12, logprobs: true, top_logprobs: 1},
    messages: [{role: 'user', content: 'Repeat after me: café 🙂'}],
  })
  const content = choices[0]?.logprobs?.content ?? []
  const bytes = content.flatMap((token) => token.bytes ?? [])
  assert.is(Buffer.from(bytes).toString(), choices[0]?.message.content)
  assert.ok(bytes.includes(195) && bytes.includes(169) && bytes.includes(240), bytes.join(' '))
  assert.ok(content.every(({top_logprobs: [top]}) => top?.bytes != null))
})
