import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {fileURLToPath} from 'node:url'
import * as assert from 'uvu/assert'
import {qwen} from '../support/fixtures.js'
import {enginesOf} from '../support/processes.js'
import {suite} from '../support/suite.js'
import {DaemonHome, said} from './support/daemon-home.js'

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
