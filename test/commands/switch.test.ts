import {copyFileSync} from 'node:fs'
import path from 'node:path'
import * as assert from 'uvu/assert'
import {startInTerminal} from '../chat/support/chat-process.js'
import {DaemonHome} from '../daemon/support/daemon-home.js'
import {makeRequestsDeadly} from '../support/deadly-requests.js'
import {phi3, qwen} from '../support/fixtures.js'
import {suite} from '../support/suite.js'

const test = suite('wnn switch', {timeoutMs: 60_000})

test('it replaces the daemon’s model, says how, and a file that is none leaves the old one', async (t) => {
  makeRequestsDeadly(t)
  const home = new DaemonHome(t)
  await home.run('load', qwen, '--name', 'chat')
  const story = ['chat', '--temp', '0', '--max-tokens', '40', '--prompt', 'Tell me a story about a fox.']
  assert.match((await home.run(...story)).stdout, /Hazel/)

  const {stdout, stderr, code} = await home.run('switch', phi3)
  assert.is(code, 0)
  const step = (title: string): string => `❯ ${title}\n✔ ${title}: [\\d.]+ m?s\n`
  const steps = [
    'check the new model',
    'load the new model',
    'finish running tasks on the old model',
    'unload the old model',
  ]
  assert.match(stderr, new RegExp(`^Switching chat to tiny-phi3-chat.gguf\n${steps.map(step).join('')}$`))
  assert.match(stdout, /mode +overlap\n.*phases +check .*load .*\n.*downtime +0 ms\n/s)
  assert.match((await home.run(...story)).stdout, /Bruno/)

  const broken = await home.run('switch', new URL(import.meta.url).pathname)
  assert.equal([broken.code, /chat still answers with tiny-phi3-chat\.gguf/.test(broken.stderr)], [3, true])
  assert.match(broken.stderr, /✖ check the new model: [\d.]+ ms.*\nerror: .* is not a GGUF file/)
  assert.match((await home.run(...story)).stdout, /Bruno/)
  const missing = await home.run('switch', '/no/such/model.gguf')
  assert.equal([missing.code, /\/no\/such\/model\.gguf/.test(missing.stderr)], [3, true])
  const aborting = path.join(home.folder, 'aborting.gguf')
  copyFileSync(qwen, aborting)
  const aborted = await home.run('switch', aborting, '--mode', 'drain')
  assert.equal([aborted.code, /SIGABRT.*chat still answers/s.test(aborted.stderr)], [3, true])
  assert.match((await home.run(...story)).stdout, /Bruno/)

  const json = await home.run('switch', qwen, '--model', 'chat', '--mode', 'drain', '--json')
  assert.is(json.stderr, '')
  const report = JSON.parse(json.stdout) as {mode: string; phases: {phase: string}[]; downtime_ms: number}
  assert.equal([report.mode, report.phases.map(({phase}) => phase)], ['drain', ['check', 'finish', 'unload', 'load']])
  assert.ok(report.downtime_ms > 0)
  assert.is((await home.run('switch', qwen, '--model', 'nobody')).code, 2)
  await home.run('stop')
  assert.is((await home.run('switch', qwen)).code, 3)
  assert.equal(home.left(), [])
})

test('on a terminal the phases become ticks with how long they took', async (t) => {
  const home = new DaemonHome(t)
  await home.run('load', qwen, '--name', 'chat')
  const wnn = startInTerminal(t, ['switch', phi3, '--mode', 'drain', '--socket', home.socket], {NO_COLOR: '1'})
  const titles = [
    'check the new model',
    'finish running tasks on the old model',
    'unload the old model',
    'load the new model',
  ]
  for (const title of titles) await wnn.until(new RegExp(`✔ ${title}: [\\d.]+ m?s`))
  await wnn.until(/mode +drain/)
  assert.is((await wnn.ended).code, 0)
  await home.run('stop')
})
