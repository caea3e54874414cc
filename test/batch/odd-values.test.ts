import * as assert from 'uvu/assert'
import {Template} from '../../src/batch/items/template.js'
import {optionNames} from '../../src/batch/items/cell.js'
import {chatBody, completionBody, embeddingsBody} from '../../src/openai/schema.js'
import {deep, excessive, strange} from '../support/odd-values.js'
import {suite} from '../support/suite.js'
import {faultOf, read} from './support/read-items.js'

// One bad item costs one error row, and no other item.
const test = suite('odd values of batch items', {timeoutMs: 20_000})

const good = {id: 'good', prompt: 'Hi'}
const messages = [{role: 'user', content: 'Hi'}]

/** Items with the value in every field of every form. */
function items(value: unknown): object[] {
  const forms = {
    '/v1/chat/completions': [chatBody, {messages}],
    '/v1/completions': [completionBody, {prompt: 'Hi'}],
    '/v1/embeddings': [embeddingsBody, {input: 'Hi'}],
  } as const
  return [
    ...['id', 'prompt', 'messages', 'unknown', 'sampling', ...optionNames].map((name) => ({
      prompt: 'Hi',
      [name]: value,
    })),
    {messages: [{role: 'user', content: value}]},
    {messages: [{role: 'user', content: 'Hi', other: value}]},
    ...['custom_id', 'method', 'url', 'body', 'other'].map((name) => ({
      ...{custom_id: 'a', url: '/v1/chat/completions', body: {messages}},
      [name]: value,
    })),
    ...Object.entries(forms).flatMap(([url, [{properties}, body]]) =>
      [...Object.keys(properties), 'other'].map((name) => ({custom_id: 'a', url, body: {...body, [name]: value}})),
    ),
  ]
}

for (const {what, value} of excessive) {
  const all = (of: object[]): object[] => (deep.some((each) => each.what === what) ? of : of.slice(0, 3))
  test(`${what} is an error row in every field`, async () => {
    for (const item of all(items(value()))) {
      const [first, second] = await read([item, good])
      const message = first === undefined ? '' : (faultOf(first)?.message ?? 'none')
      assert.match(message, /: (?:is nested|has) .*more than/, Object.keys(item).join())
      assert.ok(message.length < 500)
      assert.is(second?.id, 'good')
      assert.ok(second !== undefined && faultOf(second) === undefined)
    }
  })
}

for (const {what, value} of strange) {
  test(`${what} is taken or an error row in every field`, async () => {
    for (const item of items(value())) {
      const [first, second] = await read([item, good])
      assert.ok(first !== undefined && (faultOf(first)?.message ?? '').length < 8000, Object.keys(item).join())
      assert.ok(second !== undefined && faultOf(second) === undefined)
    }
  })
}

test('the item keeps its id', async () => {
  const deep = excessive[0]?.value()
  const read_ = await read([{id: 'a', x: deep}, {custom_id: 'b', body: {x: deep}}, {prompt: deep}, {id: deep}])
  assert.equal(
    read_.map(({id, form}) => [id, form]),
    [
      ['a', 'short'],
      ['b', 'openai'],
      ['3', 'short'],
      [null, 'short'],
    ],
  )
})

test('a variable of a template is no exception', async () => {
  const template = new Template('{{x}}', 'template')
  const [first, second] = await read([{x: excessive[0]?.value()}, {x: [1]}], {template})
  assert.match((first && faultOf(first)?.message) ?? '', /^x: is nested more than/)
  assert.equal(second?.question, {input: '[1]', options: {deterministic: false}})
})
