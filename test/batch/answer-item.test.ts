import * as assert from 'uvu/assert'
import type {AnswerRequest, Core} from '../../src/backend/contract/core.js'
import {itemAnswerer} from '../../src/batch/model/answer-item.js'
import type {BatchModel} from '../../src/batch/model/batch-model.js'
import {suite} from '../support/suite.js'
import {read} from './support/read-items.js'

const test = suite('answers of batch items')

test("an item in OpenAI's form has the defaults of its API, another one those of the configuration", async () => {
  const asked: (AnswerRequest['defaults'] | undefined)[] = []
  const backend = {
    answer: (_target: unknown, {defaults}: AnswerRequest) => {
      asked.push(defaults)
      return Promise.resolve({text: 'Hello!', metadata: {stop_reason: 'end_of_sequence'}})
    },
  } as unknown as Core
  const model = {backend, status: {graph: 1}, checkSame: () => Promise.resolve()} as unknown as BatchModel
  const body = {messages: [{role: 'user', content: 'Hi'}]}
  for (const item of await read([
    {prompt: 'Hi'},
    body,
    {custom_id: 'a', url: '/v1/chat/completions', body},
    {custom_id: 'b', url: '/v1/completions', body: {prompt: 'Hi'}},
  ])) {
    await itemAnswerer(model)(item, new AbortController().signal)
  }
  assert.equal(asked, ['configured', 'configured', 'api', 'api'])
})
