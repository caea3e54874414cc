import {mkdtempSync, readFileSync, rmSync, statSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import path from 'node:path'
import * as assert from 'uvu/assert'
import {isAlive, startInTerminal, type Wnn} from '../chat/support/chat-process.js'
import {qwen} from '../support/fixtures.js'
import {suite, type TestContext} from '../support/suite.js'

const test = suite('wnn chat on a terminal', {timeoutMs: 20_000})

const ctrl = {c: '\u0003', d: '\u0004'}
const up = '\u001b[A'
/** The editor draws it again with every line. */
const prompt = /> \u001b\[3G|> $/

function start(t: TestContext, args: readonly string[] = [], env: NodeJS.ProcessEnv = {}): Wnn {
  return startInTerminal(t, ['chat', qwen, '--threads', '1', '--temp', '0', ...args], {NO_COLOR: '1', ...env})
}

async function say(wnn: Wnn, line: string, answer: string | RegExp): Promise<void> {
  wnn.type(`${line}\r`)
  await wnn.until(answer)
  await wnn.until(prompt)
}

test('a conversation remembers, tells its numbers, and Ctrl-D ends it', async (t) => {
  const wnn = start(t)
  await wnn.until('tiny-qwen2-chat.gguf · qwen2 · 891K parameters · 2048 tokens · CPU')
  await wnn.until(prompt)
  const {engines} = wnn
  assert.is(engines.length, 1)
  await say(wnn, 'My name is Alice.', /Nice to meet you, Alice!\r\n\d+ tokens · .* 0 of 18 prompt tokens cached/)
  await say(wnn, 'What is my name?', 'Your name is Alice.')
  wnn.type(ctrl.d)
  assert.is((await wnn.ended).code, 0)
  assert.not.ok(engines.some(isAlive))
})

test('a conversation that no longer fits says which messages its prompts lack, once for each number', async (t) => {
  const wnn = start(t, ['--no-stats', '--ctx-size', '64'])
  await wnn.until(prompt)
  await say(wnn, 'My name is Alice.', 'Nice to meet you, Alice!')
  await say(wnn, 'What is my name?', 'Your name is Alice.')
  await say(wnn, 'My name is Bob.', /Bob!\r\nThe oldest \d messages did not fit into the context and were left out of/)
  wnn.type(ctrl.d)
  assert.is((await wnn.ended).code, 0)
  assert.is(wnn.stdout.split('did not fit').length, 2)
})

test('commands change the conversation', async (t) => {
  const file = path.join(folder(t), 'chat.json')
  const wnn = start(t, ['--no-stats'])
  await wnn.until(prompt)
  await say(wnn, 'My name is Alice.', 'Nice to meet you, Alice!')
  await say(wnn, `/save ${file}`, 'Saved 2 messages')
  await say(wnn, '/clear', 'New conversation.')
  await say(wnn, 'What is my name?', 'You have not told me your name.')
  await say(wnn, `/load ${file}`, 'Loaded 2 messages.')
  await say(wnn, 'What is my name?', 'Your name is Alice.')
  await say(wnn, '/regen', 'Your name is Alice.')
  await say(wnn, '/system You are Ada, a helpful assistant.', 'The system prompt is set.')
  await say(wnn, '/clear', 'New conversation.')
  await say(wnn, 'Who are you?', 'I am Ada, a helpful assistant.')
  await say(wnn, '/set tmep 1', 'Did you mean "temp"?')
  await say(wnn, '/set max_tokens 1', 'max_tokens 1')
  await say(wnn, '/stats', 'context ')
  wnn.type('/exit\r')
  assert.is((await wnn.ended).code, 0)
  assert.not.match(wnn.stdout, 'prompt tokens cached\r\n> ')
})

test('Ctrl-C keeps what was said so far and goes back to the prompt', async (t) => {
  const wnn = await startEndless(t)
  wnn.type('Tell me a long story.\r')
  await wnn.until('On day 1 ')
  wnn.type(ctrl.c)
  await wnn.until(/\r\nstopped · \d+ tokens/)
  await wnn.until(prompt)
  await say(wnn, '/set ignore_eos false', 'ignore_eos false')
  await say(wnn, '/stats', /all answers {2}1 /)
  wnn.type(ctrl.d)
  assert.is((await wnn.ended).code, 0)
})

test('a second Ctrl-C leaves with 130', async (t) => {
  const wnn = await startEndless(t)
  const {engines} = wnn
  wnn.type('Tell me a long story.\r')
  await wnn.until('On day 1 ')
  wnn.type(ctrl.c + ctrl.c)
  assert.is((await wnn.ended).code, 130)
  assert.not.ok(engines.some(isAlive))
})

test('Ctrl-C clears the line; at an empty prompt the second one leaves with 130', async (t) => {
  const wnn = start(t)
  await wnn.until(prompt)
  wnn.type('What is')
  await wnn.until('What is')
  wnn.type(ctrl.c)
  await wnn.until(prompt)
  wnn.type(ctrl.c)
  await wnn.until('Press Ctrl-C again or Ctrl-D to leave.')
  await wnn.until(prompt)
  wnn.type(ctrl.c)
  const {code, stdout} = await wnn.ended
  assert.is(code, 130)
  assert.match(stdout, '\u001b[?2004h')
  assert.ok(stdout.endsWith('\u001b[?2004l'), 'pastes are as they were')
})

test('a prompt may have several lines, typed or pasted', async (t) => {
  const wnn = start(t, ['--raw', '--max-tokens', '1', '--no-stats'])
  await wnn.until(prompt)
  wnn.type('one \\\r')
  await wnn.until('… ')
  wnn.type('two\r')
  await wnn.until(prompt)
  wnn.type('\u001b[200~a\tb\nc\u001b[201~')
  await wnn.until('a⇥b⏎c')
  wnn.type('\r')
  await wnn.until(prompt)
  wnn.type(up)
  await wnn.until('a⇥b⏎c')
  wnn.type(up)
  await wnn.until('one ⏎two')
  wnn.type(ctrl.c)
  await wnn.until(prompt)
  wnn.type(ctrl.d)
  assert.is((await wnn.ended).code, 0)
})

test('what was typed is kept for the next chat, for its owner only', async (t) => {
  const file = path.join(folder(t), 'history')
  const first = start(t, ['--history-file', file])
  await first.until(prompt)
  await say(first, 'Hello!', 'How can I help you?')
  first.type(ctrl.d)
  await first.ended
  assert.is(readFileSync(file, 'utf8'), '"Hello!"\n')
  assert.is(statSync(file).mode & 0o777, 0o600)

  const second = start(t, ['--history-file', file])
  await second.until(prompt)
  second.type(up)
  await second.until('Hello!')
  second.type('\r')
  await second.until('How can I help you?')
  await second.until(prompt)
  second.type(ctrl.d)
  await second.ended
})

test('a file that is no history is refused before the model loads', async (t) => {
  const file = path.join(folder(t), 'hostname')
  writeFileSync(file, 'precious\n')
  const {stdout, code} = await start(t, ['--history-file', file]).ended
  assert.is(code, 2)
  assert.match(stdout, 'hostname exists and is not a prompt history')
  assert.not.match(stdout, 'tokens')
  assert.is(readFileSync(file, 'utf8'), 'precious\n')
})

test('what is typed ahead waits for its turn', async (t) => {
  const wnn = start(t, ['--no-stats'])
  await wnn.until(prompt)
  wnn.type('My name is Alice.\rWhat is my name?\r/exit\r')
  await wnn.until('My name is Alice.')
  await wnn.until('Nice to meet you, Alice!')
  await wnn.until('What is my name?')
  await wnn.until('Your name is Alice.')
  assert.is((await wnn.ended).code, 0)
})

test('a failed answer does not end the chat, even when the engine dies', async (t) => {
  const wnn = await startEndless(t)
  wnn.type('Tell me a long story.\r')
  await wnn.until('On day 1 ')
  for (const pid of wnn.engines) process.kill(pid, 'SIGKILL')
  await wnn.until('The engine process was ended by SIGKILL')
  await wnn.until(prompt)
  await say(wnn, '/set ignore_eos false', 'ignore_eos false')
  await say(wnn, '/clear', 'New conversation.')
  await say(wnn, 'What is 2 + 2?', '2 + 2 = 4.')
  wnn.type(ctrl.d)
  assert.is((await wnn.ended).code, 0)
})

for (const [signal, exit] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const) {
  test(`${signal} leaves with ${exit}, the terminal as it was and no process`, async (t) => {
    const wnn = start(t)
    await wnn.until(prompt)
    const {engines, pid} = wnn
    process.kill(pid, signal)
    const {code, stdout} = await wnn.ended
    assert.is(code, exit)
    assert.ok(stdout.endsWith('\u001b[?2004l'))
    assert.not.ok(engines.some(isAlive))
  })
}

test('SIGTERM ends an answer, too', async (t) => {
  const wnn = await startEndless(t)
  const {engines} = wnn
  wnn.type('Tell me a long story.\r')
  await wnn.until('On day 1 ')
  process.kill(wnn.pid, 'SIGTERM')
  assert.is((await wnn.ended).code, 143)
  assert.not.ok(engines.some(isAlive))
})

test('a conversation that is kept tells how to go on with it', async (t) => {
  const kept = ['--state-dir', folder(t), '--no-stats']
  const first = start(t, kept)
  await first.until('Session session-1 is new.')
  await first.until(prompt)
  await say(first, 'My name is Alice.', 'Nice to meet you, Alice!')
  first.type(ctrl.d)
  await first.until('--session session-1 continues this conversation; it is kept in')
  assert.is((await first.ended).code, 0)
  const second = start(t, [...kept, '--session', 'session-1'])
  await second.until('Session session-1 continues after 2 messages.')
  await second.until(prompt)
  await say(second, 'What is my name?', 'Your name is Alice.')
  await say(second, '/regen', 'Your name is Alice.')
  second.type(ctrl.d)
  assert.is((await second.ended).code, 0)
})

test('colours are for terminals that want them', async (t) => {
  const plain = start(t)
  await plain.until(prompt)
  plain.type(ctrl.d)
  assert.not.match((await plain.ended).stdout, /\u001b\[[0-9;]*m/)
  const coloured = start(t, [], {NO_COLOR: undefined, FORCE_COLOR: undefined})
  await coloured.until('\u001b[36m> ')
  coloured.type(ctrl.d)
  await coloured.ended
})

test('--json is for a single prompt', async (t) => {
  const {stdout, code} = await start(t, ['--json']).ended
  assert.is(code, 2)
  assert.match(stdout, '--json needs a single prompt.')
})

test('a model that does not load is told without a stack', async (t) => {
  const {stdout, code} = await startInTerminal(t, ['chat', '/nowhere.gguf']).ended
  assert.is(code, 2)
  assert.match(stdout, 'error: There is no model file /nowhere.gguf.')
  assert.not.match(stdout, /^ +at /m)
})

/** A chat whose answers only an interruption ends. */
async function startEndless(t: TestContext): Promise<Wnn> {
  const file = path.join(folder(t), 'config.yaml')
  writeFileSync(file, 'max_tokens: -1\n')
  const wnn = start(t, ['--config', file])
  await wnn.until(prompt)
  await say(wnn, '/set ignore_eos true', 'ignore_eos true')
  return wnn
}

function folder(t: TestContext): string {
  const made = mkdtempSync(path.join(tmpdir(), 'wnn-chat-'))
  t.after(() => rmSync(made, {recursive: true}))
  return made
}
