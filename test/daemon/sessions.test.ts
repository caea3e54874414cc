import * as assert from 'uvu/assert'
import {startInTerminal} from '../chat/support/chat-process.js'
import {qwen} from '../support/fixtures.js'
import {suite} from '../support/suite.js'
import {DaemonHome} from './support/daemon-home.js'

const test = suite('sessions of the daemon', {timeoutMs: 60_000})

const asked = ['chat', '--temp', '0', '--session', 'alice', '--prompt']

test('a session is continued, and one that was idle for too long says that it is gone', async (t) => {
  const home = new DaemonHome(t)
  await home.serve('--model', qwen, '--set', 'threads=1', '--set', 'idle_timeout_ms=4000')
  const first = await home.run(...asked, 'My name is Alice.')
  assert.match(
    first.stderr,
    /^note: Session alice is new: the daemon has no session with this id\. .* in memory only\.\n$/,
  )
  const second = await home.run(...asked, 'What is my name?')
  assert.equal([second.stdout, second.stderr], ['Your name is Alice.\n', ''])
  await home.until(({sessions}) => sessions.active === 0)
  const third = await home.run(...asked, 'What is my name?')
  assert.not.match(third.stdout, /Alice/)
  assert.is(
    third.stderr,
    'note: Session alice is gone: it was idle for longer than 4 s (backend.idle_timeout_ms). A new one begins.\n',
  )
  assert.is((await home.run('stop')).code, 0)
})

test('a session that had to make place says so', async (t) => {
  const home = new DaemonHome(t)
  await home.serve('--model', qwen, '--set', 'threads=1', '--set', 'max_sessions=1')
  await home.run(...asked, 'My name is Alice.')
  await home.run('chat', '--prompt', 'Hello!')
  const {stderr} = await home.run(...asked, 'What is my name?')
  assert.is(
    stderr,
    'note: Session alice is gone: newer sessions evicted it, because at most 1 are kept (backend.max_sessions). A new one begins.\n',
  )
  assert.is((await home.run('stop')).code, 0)
})

test('an answer that took too long is not in the history of its session, which says that it is empty', async (t) => {
  const home = new DaemonHome(t)
  await home.serve('--model', qwen, '--set', 'threads=1', '--set', 'max_tokens=-1', '--set', 'ignore_eos=true')
  const late = startInTerminal(t, ['chat', '--socket', home.socket, '--session', 'alice'], {NO_COLOR: '1'})
  await late.until('Session alice is new')
  for (const [line, answer] of [
    ['/set timeout_ms 300', 'timeout_ms 300'],
    ['My name is Alice.', 'The history is as before. /regen asks again.'],
    ['/regen', 'The history is as before. /regen asks again.'],
    ['/exit', '/exit'],
  ] as const) {
    await late.until(/> \u001b\[3G|> $/)
    late.type(`${line}\r`)
    await late.until(answer)
  }
  assert.is((await late.ended).code, 0)
  assert.equal(
    (await home.status()).sessions.sessions.map(({id, messages}) => [id, messages]),
    [['alice', 0]],
  )
  const next = await home.run(...asked, 'Hello!', '--max-tokens', '4')
  assert.is(next.stderr, 'note: Session alice has no messages yet.\n')
  assert.is((await home.run('stop')).code, 0)
})

test('a session outlives the daemon in its state folder alone', async (t) => {
  const home = new DaemonHome(t)
  const serve = ['--model', qwen, '--set', 'threads=1']
  const kept = [...serve, '--state-dir', `${home.folder}/state`]
  await home.serve(...kept)
  await home.run(...asked, 'My name is Alice.')
  await home.run('stop')
  await home.serve(...kept)
  const second = await home.run(...asked, 'What is my name?')
  assert.equal([second.stdout, second.stderr], ['Your name is Alice.\n', ''])
  await home.run('stop')
  await home.serve(...serve)
  assert.match((await home.run(...asked, 'What is my name?')).stderr, /Session alice is new: the daemon has no session/)
  await home.run('stop')
})
