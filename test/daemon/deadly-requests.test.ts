import {copyFileSync, renameSync} from 'node:fs'
import path from 'node:path'
import * as assert from 'uvu/assert'
import {makeRequestsDeadly} from '../support/deadly-requests.js'
import {phi3, qwen} from '../support/fixtures.js'
import {suite} from '../support/suite.js'
import {DaemonHome} from './support/daemon-home.js'

const test = suite('what kills engines of a daemon', {timeoutMs: 60_000})

const ask = (prompt: string): string[] => ['chat', '--temp', '0', '--max-tokens', '12', '--prompt', prompt]

test('a request: it is rejected from then on, whichever client sends it, and others are answered', async (t) => {
  makeRequestsDeadly(t)
  const home = new DaemonHome(t)
  await home.run('load', qwen, '--name', 'chat')
  const killer = await home.run(...ask('CRASH WHILE READING'))
  assert.is(killer.code, 3)
  assert.match(killer.stderr, /This request ended the engine process: The engine process was ended by SIGABRT/)
  assert.match((await home.run(...ask('CRASH WHILE READING'))).stderr, /rejected for another/)
  assert.is((await home.run(...ask('What is 4 + 5?'))).stdout, '4 + 5 = 9.\n')
  assert.match((await home.run('status', '--why')).stdout, /once because of a single request/)
  await home.run('stop')
})

test('a file that was replaced: the status says how to go on, and wnn load does it', async (t) => {
  const home = new DaemonHome(t)
  const file = path.join(home.folder, 'model.gguf')
  copyFileSync(qwen, file)
  await home.run('load', file, '--name', 'chat')
  copyFileSync(phi3, `${file}.new`)
  renameSync(`${file}.new`, file)
  assert.match((await home.run('status', '--why')).stdout, /model\.gguf was replaced: .*chat goes on/s)
  const [graph] = (await home.status()).memory.graphs
  process.kill(graph?.engine_pid ?? NaN, 'SIGKILL')
  const lost = await home.run(...ask('What is 4 + 5?'))
  assert.equal([lost.code, /was replaced/.test(lost.stderr)], [3, true], lost.stderr)
  assert.match((await home.run('status', '--why')).stdout, /chat does not answer: .*model\.gguf was replaced/)
  assert.is((await home.run('load', file, '--name', 'chat')).code, 0)
  assert.is((await home.run(...ask('What is 4 + 5?'))).code, 0)
  await home.run('stop')
})
