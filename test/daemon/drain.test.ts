import path from 'node:path'
import * as assert from 'uvu/assert'
import {textTensor} from '../../src/backend/contract/tensor.js'
import {readMetadata, readOutput} from '../../src/backend/contract/read-output.js'
import {sendCall} from '../../src/rpc/client/call.js'
import {DaemonConnection} from '../../src/rpc/client/connection.js'
import type {RemoteBackend} from '../../src/rpc/client/remote-backend.js'
import {qwen} from '../support/fixtures.js'
import {rejects} from '../support/rejects.js'
import {suite} from '../support/suite.js'
import {DaemonHome} from './support/daemon-home.js'

const test = suite('a daemon that is stopped', {timeoutMs: 60_000})

/** Begins an answer, and resolves when it has begun. */
async function begin(backend: RemoteBackend, session: string, maxTokens: number): Promise<Begun> {
  const context = await backend.initExecutionContextWithSessionId(0, session)
  const options = {ignore_eos: true, max_tokens: maxTokens, max_time_ms: 0}
  await backend.setInput(context, 1, textTensor(JSON.stringify(options)))
  await backend.setInput(context, 0, textTensor('Tell me a long story.'))
  let told = (): void => undefined
  const begun = new Promise<void>((resolve) => (told = resolve))
  const answer = backend.compute(context, {onText: () => told()}).then(async () => {
    const {output_tokens, stop_reason} = await readMetadata(backend, context)
    return {text: await readOutput(backend, context), output_tokens, stop_reason}
  })
  await begun
  return {answer, context}
}
interface Begun {
  answer: Promise<{text: string; output_tokens: number; stop_reason: string | null}>
  context: number
}

/** A call of a client whose lease the daemon has ended. */
async function askAsNobody(socket: string): Promise<void> {
  const connection = new DaemonConnection(socket)
  try {
    await sendCall(connection, 'main', 'status', ['model'], {client: 'nobody', call: 'status'})
  } finally {
    connection.close()
  }
}

test('by SIGTERM lets answers come to their end, takes nothing new, and the next one has the sessions', async (t) => {
  const home = new DaemonHome(t)
  const state = path.join(home.folder, 'state')
  const argv = ['--model', qwen, '--state-dir', state, '--set', 'threads=1']
  const first = await home.serve(...argv)
  const backend = await home.connect()
  const answers = await Promise.all(['a', 'b', 'c'].map((session) => begin(backend, session, 600)))
  first.child.kill('SIGTERM')
  await home.until(({daemon}) => daemon.state === 'stopping')
  await rejects(backend.initExecutionContext(0), 'runtime_error', /is stopping/)
  await rejects(askAsNobody(home.socket), 'runtime_error', /is stopping/)
  const ended = await Promise.all(answers.map(({answer}) => answer))
  assert.equal(
    ended.map(({output_tokens, stop_reason}) => [output_tokens, stop_reason]),
    [
      [600, 'max_tokens'],
      [600, 'max_tokens'],
      [600, 'max_tokens'],
    ],
  )
  assert.is((await first.ended).code, 143)
  assert.equal(home.left(), [])

  const second = await home.serve(...argv)
  const {sessions} = await home.status()
  assert.equal(sessions.sessions.map(({id, messages}) => `${id} ${messages}`).sort(), ['a 2', 'b 2', 'c 2'])
  second.child.kill('SIGTERM')
  await second.ended
})

test('ends answers that take longer than --drain-timeout, and their callers get what there is', async (t) => {
  const home = new DaemonHome(t)
  const daemon = await home.serve('--model', qwen, '--drain-timeout', '1', '--set', 'threads=1')
  const backend = await home.connect()
  const {answer} = await begin(backend, 'a', -1)
  daemon.child.kill('SIGTERM')
  const {text, stop_reason} = await answer
  assert.is(stop_reason, 'aborted')
  assert.ok(text.length > 0)
  assert.is((await daemon.ended).code, 143)
  assert.equal(home.left(), [])
})

test('by wnn stop --now does not wait, and the command ends with it', async (t) => {
  const home = new DaemonHome(t)
  const daemon = await home.serve('--model', qwen, '--set', 'threads=1')
  const {answer} = await begin(await home.connect(), 'a', -1)
  const stopped = await home.run('stop', '--now')
  assert.equal([stopped.code, stopped.stderr], [0, 'Stopped.\n'])
  assert.equal(home.left(), [])
  assert.is((await answer).stop_reason, 'aborted')
  assert.is((await daemon.ended).code, 0)
})
