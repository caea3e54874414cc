import {mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync} from 'node:fs'
import {homedir, tmpdir} from 'node:os'
import path from 'node:path'
import {fileURLToPath} from 'node:url'
import * as assert from 'uvu/assert'
import {defaultConfig} from '../../src/config/index.js'
import {expandHome, loadChat, saveChat, type ChatState} from '../../src/chat/saved-chat.js'
import {qwen} from '../support/fixtures.js'
import {rejects} from '../support/rejects.js'
import {suite, type TestContext} from '../support/suite.js'

const test = suite('saved conversations')
const config = defaultConfig()

const state: ChatState = {
  model: 'tiny.gguf',
  options: {temp: 0.2, stop: ['END'], system_prompt: 'Be brief.'},
  messages: [
    {role: 'user', content: 'Hello!\n"x"'},
    {role: 'assistant', content: 'Hi! 🙂'},
  ],
}

test('what is saved is loaded', async (t) => {
  const file = path.join(folder(t), 'chat.json')
  assert.is(await saveChat(file, state), file)
  assert.equal(await loadChat(file, config), {options: state.options, messages: state.messages})
  assert.is(statSync(file).mode & 0o777, 0o600)
  await saveChat(file, {...state, messages: []})
  assert.equal((await loadChat(file, config)).messages, [])
})

test('another file is not overwritten', async (t) => {
  const file = path.join(folder(t), 'other.json')
  writeFileSync(file, '{"precious": true}')
  await rejects(saveChat(file, state), 'invalid_argument', /exists and is not a saved conversation/)
  assert.is(readFileSync(file, 'utf8'), '{"precious": true}')
})

test('what cannot be written leaves nothing behind', async (t) => {
  const where = folder(t)
  const nowhere = path.join(where, 'none/chat.json')
  const {message} = await rejects(saveChat(nowhere, state), 'invalid_argument')
  assert.is(message, `${nowhere} cannot be written: there is no such file or folder.`)
  await rejects(saveChat(where, state), 'invalid_argument', /cannot be written/)
  assert.equal(readdirSync(where), [])
})

test('what is not a saved conversation is refused with its place', async (t) => {
  const file = path.join(folder(t), 'chat.json')
  await rejects(loadChat(file, config), 'invalid_argument', /cannot be read: there is no such file or folder\.$/)
  const good = {format: 'wnn-chat', version: 1, system: '', options: {}, messages: []}
  const wrong: [document: object, message: RegExp][] = [
    [{...good, version: 2, messages: Array<number>(50).fill(1)}, /^.+\n.+\n.+(\n.+){0,6}$/],
    [{...good, version: 2}, /chat\.json:1:\d+ version: must be 1; got 2/],
    [{...good, messages: [{role: 'system', content: ''}]}, /messages\[0\]\.role: must be/],
    [{...good, options: {tmep: 1}}, /tmep: unknown key/],
    [{...good, options: {history: []}}, /history cannot be set/],
    [[], /^\S+chat\.json is not a saved conversation\.$/],
    [{format: 'other', about: 'wnn-chat'}, /chat\.json is not a saved conversation\.$/],
  ]
  for (const [document, message] of wrong) {
    writeFileSync(file, JSON.stringify(document))
    await rejects(loadChat(file, config), 'invalid_argument', message)
  }
})

test('a file of another kind is refused in one line', async (t) => {
  const at = folder(t)
  const large = path.join(at, 'large.json')
  writeFileSync(large, '{"format": "wnn-chat"}')
  truncateSync(large, 33 * 1024 * 1024)
  const bytes = path.join(at, 'bytes.json')
  writeFileSync(bytes, '{"format": "wnn-chat", "\0"}')
  const text = path.join(at, 'text.md')
  writeFileSync(text, '# wnn-chat\n\tx: [1\n- }\n'.repeat(20))
  const readme = fileURLToPath(new URL('../../README.md', import.meta.url))
  for (const file of [large, bytes, text, readme, qwen, at]) {
    const {message} = await rejects(loadChat(file, config), 'invalid_argument')
    assert.is(message, `${file} is not a saved conversation.`)
  }
})

test('a saved conversation that is damaged is refused with the place', async (t) => {
  const file = path.join(folder(t), 'chat.json')
  await saveChat(file, state)
  writeFileSync(file, readFileSync(file, 'utf8').slice(0, -30))
  await rejects(loadChat(file, config), 'invalid_argument', /^\S+chat\.json:\d+:\d+ /)
})

test('a tilde is the home folder', () => {
  assert.equal([expandHome('~/x'), expandHome('~x')], [path.join(homedir(), 'x'), path.resolve('~x')])
})

function folder(t: TestContext): string {
  const made = mkdtempSync(path.join(tmpdir(), 'wnn-saved-'))
  t.after(() => rmSync(made, {recursive: true}))
  return made
}
