import * as assert from 'uvu/assert'
import {DaemonHome} from '../daemon/support/daemon-home.js'
import {qwen} from '../support/fixtures.js'
import {suite} from '../support/suite.js'

const test = suite('wnn serve --port', {timeoutMs: 60_000})

test('the daemon answers over HTTP what its other clients ask on the socket', async (t) => {
  const home = new DaemonHome(t)
  const daemon = await home.serve('--model', qwen, '--port', '0')
  const [, url = ''] = /served at (\S+)\./.exec(daemon.said) ?? []
  const response = await fetch(`${url}/chat/completions`, {
    method: 'POST',
    headers: {'content-type': 'application/json'},
    body: JSON.stringify({
      model: 'tiny-qwen2-chat',
      temperature: 0,
      messages: [{role: 'user', content: 'What is the capital of France?'}],
    }),
  })
  const {choices} = (await response.json()) as {choices: {message: {content: string}}[]}
  assert.is(choices[0]?.message.content, 'The capital of France is Paris.')
  const {queue} = await home.status()
  assert.is(queue.completed, 1)
  daemon.child.kill('SIGTERM')
  assert.is((await daemon.ended).code, 143)
  assert.equal(home.left(), [])
})

test('a host that others can reach needs a key', async (t) => {
  const home = new DaemonHome(t)
  const {code, stderr} = await home.run('serve', '--port', '0', '--host', '0.0.0.0')
  assert.is(code, 2)
  assert.match(stderr, /an API key is needed/)
  assert.equal(home.left(), [])
})
