import {mkdtempSync, readFileSync, rmSync, statSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import path from 'node:path'
import * as assert from 'uvu/assert'
import {newlineMark} from '../../src/chat/keyboard.js'
import {PromptHistory} from '../../src/chat/prompt-history.js'
import {suite, type TestContext} from '../support/suite.js'

const test = suite('history of prompts')

test('entries come back in the next chat, the newest first', (t) => {
  const file = path.join(folder(t), 'deep/history')
  const first = PromptHistory.open(file)
  for (const entry of ['one', 'two\nlines', 'two\nlines']) first.add(entry)
  assert.equal(PromptHistory.open(file).lines, [`two${newlineMark}lines`, 'one'])
  assert.is(statSync(file).mode & 0o777, 0o600)
})

test('the last 1000 entries are kept', (t) => {
  const file = path.join(folder(t), 'history')
  writeFileSync(file, Array.from({length: 1500}, (_, at) => `${JSON.stringify(String(at))}\n`).join(''))
  const {lines} = PromptHistory.open(file)
  assert.equal([lines.length, lines[0], lines.at(-1)], [1000, '1499', '500'])
  assert.is(readFileSync(file, 'utf8').split('\n').length, 1001)
  const history = PromptHistory.open(file)
  history.add('new')
  assert.equal([history.lines.length, history.lines[0], history.lines.at(-1)], [1000, 'new', '501'])
})

test('lines that somebody wrote by hand count as they are', (t) => {
  const file = path.join(folder(t), 'history')
  writeFileSync(file, 'plain\n"quoted"\n42\n\n')
  assert.equal(PromptHistory.open(file).lines, ['42', 'quoted', 'plain'])
})

test('without a file it lasts as long as the chat', () => {
  const history = PromptHistory.open(undefined)
  history.add('one')
  assert.equal(history.lines, ['one'])
})

test('what the editor puts in by itself goes again', () => {
  const history = PromptHistory.open(undefined)
  history.add('one')
  history.lines.unshift('half of a prompt')
  history.refresh()
  assert.equal(history.lines, ['one'])
})

function folder(t: TestContext): string {
  const made = mkdtempSync(path.join(tmpdir(), 'wnn-history-'))
  t.after(() => rmSync(made, {recursive: true}))
  return made
}
