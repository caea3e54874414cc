import {closeSync, copyFileSync, openSync, readFileSync, writeFileSync, writeSync} from 'node:fs'
import path from 'node:path'
import * as assert from 'uvu/assert'
import {itemAnswerer} from '../../src/batch/model/answer-item.js'
import {localModel} from '../../src/batch/model/batch-model.js'
import {RunEnded} from '../../src/batch/run-batch.js'
import {openBackend, qwen} from '../support/fixtures.js'
import {thrownBy} from '../support/rejects.js'
import {suite} from '../support/suite.js'
import {temporaryFolder} from '../support/temporary-folder.js'

const test = suite('a batch whose model file is overwritten', {timeoutMs: 20_000})

test('ends the run before a row of other weights, and says what happened', async (t) => {
  const file = path.join(temporaryFolder(t), 'model.gguf')
  copyFileSync(qwen, file)
  const {backend, graph} = await openBackend({}, {model: file})
  await using model = await localModel(backend.core, graph)
  const answer = itemAnswerer(model)
  const item = {question: {input: 'What is 4 + 5?', options: {max_tokens: 12}}} as never
  const {signal} = new AbortController()
  const before = await answer(item, signal)
  assert.is('text' in before && before.text, '4 + 5 = 9.')
  const descriptor = openSync(file, 'r+')
  writeSync(descriptor, Buffer.alloc(100_000, 9), 0, 100_000, 1_200_000)
  closeSync(descriptor)
  const ended = await thrownBy(answer(item, signal))
  assert.instance(ended, RunEnded)
  assert.match(String((ended as RunEnded).cause ?? ended), /model\.gguf was overwritten/)
  writeFileSync(file, readFileSync(qwen))
})
