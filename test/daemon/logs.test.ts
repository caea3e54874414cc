import {mkdirSync, readFileSync, statSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import * as assert from 'uvu/assert'
import {startInTerminal} from '../chat/support/chat-process.js'
import {qwen} from '../support/fixtures.js'
import {suite} from '../support/suite.js'
import {DaemonHome} from './support/daemon-home.js'

const test = suite('what a daemon logs', {timeoutMs: 60_000})

test('all of it is in the file after SIGTERM, and no word of what was said is', async (t) => {
  const home = new DaemonHome(t)
  const file = path.join(home.folder, 'log.jsonl')
  const log = ['--set', `logging.file=${file}`, '--set', 'logging.level=debug']
  const daemon = await home.serve('--model', qwen, ...log)
  const {stdout} = await home.run('chat', '--temp', '0', '--prompt', 'My name is Alice.')
  assert.match(stdout, /Alice/)
  daemon.child.kill('SIGTERM')
  assert.is((await daemon.ended).code, 143)
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
  const messages = lines.map((line) => (JSON.parse(line) as {msg: string}).msg)
  assert.equal([messages[0], messages.at(-1)], ['backend initialized', 'backend released'])
  assert.ok(messages.includes('answer'))
  assert.not.match(lines.join('\n'), /Alice/)
})

test('on a terminal it is for people, and in colour', async (t) => {
  const home = new DaemonHome(t)
  const wnn = startInTerminal(t, ['serve', '--socket', home.socket, '--set', 'logging.file=/dev/stderr'])
  await wnn.until(/\u001b\[32mINFO .*MODEL .*backend initialized/)
  await wnn.until('Listening on')
  wnn.type('\u0003')
  await wnn.until('backend released')
  assert.is((await wnn.ended).code, 130)
})

test('a large log of the daemons before is set aside', async (t) => {
  const home = new DaemonHome(t)
  const log = path.join(path.dirname(home.socket), 'daemon.log')
  mkdirSync(path.dirname(log), {mode: 0o700})
  writeFileSync(log, 'x'.repeat(1024 ** 2))
  assert.is((await home.run('load', qwen)).code, 0)
  await home.run('stop')
  assert.is(statSync(`${log}.1`).size, 1024 ** 2)
  assert.match(readFileSync(log, 'utf8'), /^Listening on/)
})
