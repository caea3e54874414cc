import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {fileURLToPath} from 'node:url'
import * as assert from 'uvu/assert'
import {qwen} from '../support/fixtures.js'
import {enginesOf} from '../support/processes.js'
import {suite} from '../support/suite.js'
import {DaemonHome, ended, said} from './support/daemon-home.js'

const test = suite('clients of a daemon', {timeoutMs: 60_000})
const client = fileURLToPath(new URL('./support/hold-context.ts', import.meta.url))

test('one that is killed leaves no context, no call and no backend of its own', async (t) => {
  const home = new DaemonHome(t)
  const daemon = await home.serve('--model', qwen)
  const held = spawn(process.execPath, ['--import', 'tsx', client, home.socket], {stdio: ['ignore', 'pipe', 'pipe']})
  t.after(() => held.kill('SIGKILL'))
  await said(held, 'talking')
  const {pid = 0} = daemon.child
  const before = await home.status()
  assert.equal([before.sessions.contexts.length, before.queue.running, enginesOf(pid).length], [1, 1, 2])

  held.kill('SIGKILL')
  await once(held, 'exit')
  const after = await home.until(({daemon: {clients}}) => clients === 0)
  assert.equal([after.sessions.contexts.length, after.queue.running, after.daemon.calls], [0, 0, 0])
  assert.equal([after.model.graphs.length, enginesOf(pid).length], [1, 1])
  daemon.child.kill('SIGTERM')
  assert.is((await daemon.ended).code, 143)
  assert.equal(home.left(), [])
})

test('what one opens is closed when it is released, and its session stays', async (t) => {
  const home = new DaemonHome(t)
  const daemon = await home.serve('--model', qwen)
  const backend = await home.connect()
  await backend.initExecutionContextWithSessionId(0, 'mine')
  assert.is((await home.status()).sessions.contexts.length, 1)
  await backend.deinit()
  const {sessions} = await home.status()
  assert.equal([sessions.contexts.length, sessions.sessions[0]?.id], [0, 'mine'])
  await backend.status('queue').then(
    () => assert.unreachable(),
    (error: unknown) => assert.match(String(error), /was released/),
  )
  daemon.child.kill('SIGTERM')
  await daemon.ended
})

test('one whose daemon ends in the middle of an answer keeps what it has and says what happened', async (t) => {
  const home = new DaemonHome(t)
  const endless = ['ignore_eos=true', 'stopping.max_time_ms=0', 'ctx_size=4096'].flatMap((pair) => ['--set', pair])
  const daemon = await home.serve('--model', qwen, ...endless)
  const chat = home.start('chat', '--max-tokens', '-1', '--prompt', 'Tell me a story.')
  const end = ended(chat)
  if (chat.stdout !== null) await once(chat.stdout, 'data')
  daemon.child.kill('SIGKILL')
  const {code, stdout, stderr} = await end
  assert.is(code, 3)
  assert.match(stdout, /^\S[^]*\n$/)
  assert.match(
    stderr,
    /^error: The daemon on .* ended or closed the connection(\.|: .*)\nCheck with wnn status .*daemon\.log\.\n$/,
  )
})
