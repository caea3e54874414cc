import {mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import path from 'node:path'
import * as assert from 'uvu/assert'
import {newlineMark} from '../../src/chat/keyboard.js'
import {PromptHistory} from '../../src/chat/prompt-history.js'
import {rejects} from '../support/rejects.js'
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

const others: [what: string, text: string][] = [
  ['a text', 'plain\n'],
  ['numbers', '42\n43\n'],
  ['a table', '"name","age"\n"Ada",36\n'],
  ['a text after a quotation', '"To be, or not to be"\nsaid he.\n'],
  ['bytes', '"a"\n"\0"\n'],
  ['JSON', '{"precious": true}\n'],
]
for (const [what, text] of others) {
  test(`a file with ${what} is refused and stays as it is`, async (t) => {
    const file = path.join(folder(t), 'notes')
    writeFileSync(file, text)
    await rejects(opening(file), 'invalid_argument', /notes exists and is not a prompt history/)
    assert.is(readFileSync(file, 'utf8'), text)
  })
}

test('a line that was cut off does not cost the others', (t) => {
  const file = path.join(folder(t), 'history')
  writeFileSync(file, '"one"\n"tw"three"\n"four"\n"fi')
  PromptHistory.open(file).add('six')
  assert.equal(PromptHistory.open(file).lines, ['six', '"fi', 'four', '"tw"three"', 'one'])
})

test('an empty file becomes a history', (t) => {
  const file = path.join(folder(t), 'history')
  writeFileSync(file, '')
  PromptHistory.open(file).add('one')
  assert.is(readFileSync(file, 'utf8'), '"one"\n')
})

test('what is no file, or too large, is told by its name', async (t) => {
  const at = folder(t)
  await rejects(
    opening(at),
    'invalid_argument',
    /wnn-history-\S+ cannot be used as prompt history: it is not a regular file/,
  )
  const large = path.join(at, 'large')
  writeFileSync(large, '"a"\n')
  truncateSync(large, 33 * 1024 * 1024)
  await rejects(opening(large), 'invalid_argument', /large exists and is not a prompt history/)
  await rejects(opening(path.join(large, 'x')), 'invalid_argument', /large\/x cannot be used as prompt history: \w+/)
})

test('the null device keeps nothing', () => {
  const history = PromptHistory.open('/dev/null')
  history.add('one')
  assert.equal(history.lines, ['one'])
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

function opening(file: string): Promise<PromptHistory> {
  return Promise.resolve().then(() => PromptHistory.open(file))
}

function folder(t: TestContext): string {
  const made = mkdtempSync(path.join(tmpdir(), 'wnn-history-'))
  t.after(() => rmSync(made, {recursive: true}))
  return made
}
