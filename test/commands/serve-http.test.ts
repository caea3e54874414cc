import * as assert from 'uvu/assert'
import {DaemonHome, ended, said} from '../daemon/support/daemon-home.js'
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
  assert.match(stderr, /it needs an API key/)
  assert.equal(home.left(), [])
})

test('it is not said to be served before a model that cannot be loaded', async (t) => {
  const home = new DaemonHome(t)
  const {code, stderr} = await home.run('serve', '--port', '0', '--model', '/none/model.gguf')
  assert.is(code, 2)
  assert.is(stderr, 'error: There is no model file /none/model.gguf.\nPass the path of a .gguf file.\n')
  assert.equal(home.left(), [])
})

test('with --json one line says when it is ready and where, and an error is the only thing said', async (t) => {
  const home = new DaemonHome(t)
  const child = home.start('serve', '--model', qwen, '--port', '0', '--json')
  const end = ended(child)
  const line = await said(child, '}\n')
  const ready = JSON.parse(line) as {url: string; models: string[]; pid: number}
  assert.equal(
    {...ready, url: ''},
    {ready: true, pid: child.pid, socket: home.socket, url: '', models: ['tiny-qwen2-chat']},
  )
  assert.is((await fetch(`${ready.url}/health`)).status, 200)
  const second = await home.run('serve', '--json')
  assert.match((JSON.parse(second.stdout) as {error: {message: string}}).error.message, /listening .* already/)
  child.kill('SIGTERM')
  const {code, stdout} = await end
  assert.equal([code, stdout], [143, line])
})
