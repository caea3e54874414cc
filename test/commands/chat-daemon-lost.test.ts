import * as assert from 'uvu/assert'
import {startInTerminal, type Wnn} from '../chat/support/chat-process.js'
import {DaemonHome} from '../daemon/support/daemon-home.js'
import {qwen} from '../support/fixtures.js'
import {suite, type TestContext} from '../support/suite.js'

const test = suite('wnn chat whose daemon goes', {timeoutMs: 60_000})

const ctrlD = '\u0004'
const prompt = /> \u001b\[3G|> $/
const load = ['load', qwen, '--name', 'qwen', '--set', 'threads=1']

async function start(t: TestContext, {socket}: DaemonHome): Promise<Wnn> {
  const wnn = startInTerminal(t, ['chat', '--socket', socket, '--temp', '0', '--no-stats'], {NO_COLOR: '1'})
  await wnn.until(prompt)
  return wnn
}

async function say(wnn: Wnn, line: string, ...answers: string[]): Promise<void> {
  wnn.type(`${line}\r`)
  for (const answer of answers) await wnn.until(answer)
  await wnn.until(prompt)
}

test('goes on with the next daemon, and remembers', async (t) => {
  const home = new DaemonHome(t)
  await home.run(...load)
  const wnn = await start(t, home)
  await say(wnn, 'My name is Alice.', 'Nice to meet you, Alice!')
  await home.run('stop')
  await say(wnn, 'What is my name?', 'No daemon listens on')
  await home.run(...load)
  await say(wnn, 'What is my name?', 'The chat was reopened: model qwen, session session-1.', 'Your name is Alice.')
  wnn.type(ctrlD)
  await wnn.until('--session session-1 continues this conversation until')
  assert.is((await wnn.ended).code, 0)
  assert.equal((await home.status()).sessions.contexts, [])
  await home.run('stop')
})

test('goes on with its model once that is loaded again', async (t) => {
  const home = new DaemonHome(t)
  await home.run(...load)
  const wnn = await start(t, home)
  await say(wnn, 'My name is Alice.', 'Nice to meet you, Alice!')
  await home.run('unload', 'qwen')
  await say(wnn, '/regen', 'The daemon has no model named qwen.')
  await home.run(...load)
  await say(wnn, 'What is my name?', 'The chat was reopened', 'Your name is Alice.')
  await say(wnn, 'What is my name?', 'Your name is Alice.')
  wnn.type(ctrlD)
  assert.is((await wnn.ended).code, 0)
  await home.run('stop')
})

test('is left with 0 when the daemon is gone', async (t) => {
  const home = new DaemonHome(t)
  await home.run(...load)
  const wnn = await start(t, home)
  await say(wnn, 'My name is Alice.', 'Nice to meet you, Alice!')
  await home.run('stop')
  wnn.type(ctrlD)
  await wnn.until('The connection to the daemon that has the conversation is lost.')
  const {code, stdout} = await wnn.ended
  assert.is(code, 0)
  assert.not.match(stdout, 'continues this conversation')
})
