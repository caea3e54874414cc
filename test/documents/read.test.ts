import * as assert from 'uvu/assert'
import {DocumentError, parseText, readDocument} from '../../src/documents/index.js'
import type {NnError} from '../../src/errors.js'
import {temporaryFolder} from '../support/crafted-gguf.js'
import {qwen} from '../support/fixtures.js'
import {suite} from '../support/suite.js'

const test = suite('reading documents')

const refused = (run: () => unknown, message: RegExp): void =>
  assert.throws(run, (error: unknown) => error instanceof DocumentError && message.test(error.message))

test('what is no text is refused in one line', async (t) => {
  const {folder, remove} = await temporaryFolder()
  t.after(remove)
  assert.throws(
    () => readDocument(qwen),
    ({reason, message}: NnError) =>
      reason === 'invalid_encoding' && /^.*tiny-qwen2-chat\.gguf is not [^\n]*$/.test(message),
  )
  refused(
    () => readDocument('no-such-file.yaml'),
    /^no-such-file\.yaml cannot be read: there is no such file or folder$/,
  )
  refused(() => readDocument(folder), / cannot be read: it is a folder$/)
  refused(() => readDocument(`${qwen}/config.yaml`), / cannot be read: a part of the path is not a folder$/)
})

test('a text with a mistake in every line shows the first ones and counts the rest', () => {
  const text = Array.from({length: 100}, (_, i) => `a: [${i}`).join('\n')
  try {
    parseText(text)
    assert.unreachable()
  } catch (error) {
    assert.ok(error instanceof DocumentError)
    assert.ok(error.message.split('\n').length < 100)
  }
})

test('a large JSON text reads the same as a small one, places included', async (t) => {
  const files = await temporaryFolder()
  t.after(files.remove)
  const value = {list: Array.from({length: 3000}, (_, i) => ({role: 'user', content: `message ${i}`}))}
  const document = parseText(JSON.stringify(value, null, 1))
  assert.equal(document.value, value)
  assert.equal(document.locate(['list', 0, 'content'], 'key'), {line: 5, column: 4})
  refused(() => parseText(`${JSON.stringify(value)} trailing`), /1:\d+/)
})
