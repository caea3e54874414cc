import {writeFileSync} from 'node:fs'
import path from 'node:path'
import * as assert from 'uvu/assert'
import {runWnn, startInTerminal, type Wnn} from '../chat/support/chat-process.js'
import {screenOf, type Size} from '../chat/support/screen-of.js'
import {qwen} from '../support/fixtures.js'
import {suite, type TestContext} from '../support/suite.js'
import {temporaryFolder} from '../support/temporary-folder.js'

const test = suite('the screen of wnn chat', {timeoutMs: 20_000})

const small = {columns: 60, rows: 20}
const [ctrlC, ctrlU] = ['\u0003', '\u0015']
const [up, left] = ['\u001b[A', '\u001b[D']
const prompt = /> \u001b\[3G|> $/
const long =
  'A line that was pasted, and is longer than one row of the screen, and even than two of these rows of sixty.'
const chat = ['chat', qwen, '--threads', '1', '--temp', '0']

function start(t: TestContext, size: Size, ...args: string[]): Wnn {
  return startInTerminal(t, [...chat, ...args], {NO_COLOR: '1'}, size)
}

const paste = (text: string): string => `\u001b[200~${text}\u001b[201~`

/** The rows below the greeting once the chat has ended. */
async function rowsOf(wnn: Wnn, size: Size): Promise<string[]> {
  const {stdout} = await wnn.ended
  const rows = await screenOf(stdout, size)
  return rows.slice(rows.findIndex((row) => row.endsWith('Ctrl-D to leave.')) + 1)
}

const pastes: [what: string, text: string][] = [
  ['a paste of three rows', long],
  ['one that ends at the edge', 'x'.repeat(58)],
  ['one that ends a character behind the edge', 'x'.repeat(59)],
  ['one with wide characters', '漢字'.repeat(20)],
]
for (const [what, text] of pastes) {
  test(`${what} leaves no row after Ctrl-C`, async (t) => {
    const wnn = start(t, small)
    await wnn.until(prompt)
    wnn.type(paste(text))
    await wnn.until(text.slice(-3))
    wnn.type(ctrlC)
    await wnn.until(prompt)
    wnn.type('/exit\r')
    assert.equal(await rowsOf(wnn, small), ['> /exit'])
  })
}

test('a paste leaves no row when other text takes its place', async (t) => {
  const wnn = start(t, small)
  await wnn.until(prompt)
  wnn.type(paste(long))
  await wnn.until('of sixty.')
  wnn.type(ctrlU)
  await wnn.until(prompt)
  wnn.type('/exit\r')
  assert.equal(await rowsOf(wnn, small), ['> /exit'])
})

test('several keys at once go to where the cursor is', async (t) => {
  const wnn = start(t, small)
  await wnn.until(prompt)
  wnn.type('/it')
  await wnn.until('/it')
  wnn.type(left + left)
  wnn.type(paste('ex'))
  await wnn.until('/exit')
  wnn.type('\r')
  assert.is((await wnn.ended).code, 0)
})

for (const size of [small, {columns: 80, rows: 24}]) {
  test(`answers are broken between words at ${size.columns} columns, and not in a pipe`, async (t) => {
    const asked = ['--max-tokens', '90', '--prompt', 'Tell me a long story.']
    const {stdout: piped} = await runWnn(t, [...chat, ...asked])
    const rows = await screenOf((await start(t, size, ...asked).ended).stdout, size)
    assert.ok(rows.length > 2, 'it has several rows')
    const words = (text: string): string[] => text.split(/\s+/).filter((word) => word !== '')
    assert.equal(words(rows.join('\n')), words(piped))
  })
}

test('Ctrl-C during the only answer leaves the cursor at the start of a line', async (t) => {
  const config = path.join(temporaryFolder(t), 'config.yaml')
  writeFileSync(config, 'ignore_eos: true\nmax_tokens: -1\n')
  const wnn = start(t, small, '--config', config, '--prompt', 'Tell me a long story.')
  await wnn.until('On day 1 ')
  wnn.type(ctrlC)
  const {code, stdout} = await wnn.ended
  assert.is(code, 130)
  assert.ok(stdout.endsWith('\r\n'))
})

test('a prompt with two slashes comes back with both', async (t) => {
  const wnn = start(t, small, '--raw', '--max-tokens', '1', '--no-stats')
  await wnn.until(prompt)
  wnn.type('//exit\r')
  await wnn.until(prompt)
  wnn.type(up)
  await wnn.until('//exit')
  wnn.type('\r')
  await wnn.until(prompt)
  wnn.type('/exit\r')
  assert.is((await wnn.ended).code, 0)
})

test('a turn that timed out is not in the history', async (t) => {
  const wnn = start(t, small, '--max-tokens', '-1')
  const saved = path.join(temporaryFolder(t), 'chat.json')
  const say = async (line: string, answer: string): Promise<void> => {
    wnn.type(`${line}\r`)
    await wnn.until(answer)
    await wnn.until(prompt)
  }
  await wnn.until(prompt)
  await say('My name is Alice.', 'Nice to meet you, Alice!')
  await say('/set ignore_eos true', 'ignore_eos true')
  await say('/set timeout_ms 1000', 'timeout_ms 1000')
  await say('Tell me a long story.', 'The history is as before.')
  await say(`/save ${saved}`, 'Saved 2 messages')
  await say('/set timeout_ms 0', 'timeout_ms 0')
  await say('/set ignore_eos false', 'ignore_eos false')
  await say('What is my name?', 'Your name is Alice.')
  wnn.type('/exit\r')
  assert.is((await wnn.ended).code, 0)
})
