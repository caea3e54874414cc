import type {ChildProcess} from 'node:child_process'
import {readFileSync, watch, writeFileSync} from 'node:fs'
import path from 'node:path'
import * as assert from 'uvu/assert'
import type {RemoteBackend} from '../../src/rpc/client/remote-backend.js'
import {stopDaemon} from '../../src/daemon/background.js'
import {phi3, qwen} from '../support/fixtures.js'
import {suite} from '../support/suite.js'
import {DaemonHome, ended} from './support/daemon-home.js'

const test = suite('wnn batch with a daemon', {timeoutMs: 30_000})

const count = 24

interface Row {
  id: string
  text?: string
  stop_reason?: string
}

function jobIn(
  {folder}: DaemonHome,
  length = count,
): {
  input: string
  output: string
  rows: () => Row[]
  until: (count: number) => Promise<void>
} {
  const [input, output] = [path.join(folder, 'in.jsonl'), path.join(folder, 'rows.jsonl')]
  const items = Array.from({length}, (_, n) => ({
    ...{id: `s${n}`, prompt: `Tell me about ${n}.`, temp: 0, ignore_eos: true, max_tokens: 100},
  }))
  writeFileSync(input, items.map((item) => JSON.stringify(item)).join('\n'))
  writeFileSync(output, '')
  const rows = (): Row[] =>
    readFileSync(output, 'utf8')
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Row)
  const until = (count: number): Promise<void> =>
    new Promise((resolve) => {
      const watcher = watch(output, () => {
        if (rows().length < count) return
        watcher.close()
        resolve()
      })
    })
  return {input, output, rows, until}
}

test('answers by its model, and leaves nothing there', async (t) => {
  const home = new DaemonHome(t)
  await home.serve('--model', qwen)
  const {input, output, rows} = jobIn(home)
  const {code, stderr} = await home.run('batch', input, '--output', output)
  assert.is(code, 0, stderr)
  assert.equal(
    rows().map(({id}) => id),
    Array.from({length: count}, (_, n) => `s${n}`),
  )
  const {daemon, sessions} = await home.status()
  assert.equal([daemon.clients, sessions.active, sessions.contexts.length], [0, 0, 0])
})

type End = (home: DaemonHome, daemon: ChildProcess, other: RemoteBackend) => unknown

// At once, because the batch goes on meanwhile.
const ends: [how: string, end: End][] = [
  ['is killed', (_home, daemon) => daemon.kill('SIGKILL')],
  ['is stopped', ({socket}) => stopDaemon(socket)],
  ['is stopped at once', ({socket}) => stopDaemon(socket, {now: true})],
  ['unloads the model', (_home, _daemon, other) => other.unload(0)],
]
for (const [how, end] of ends) {
  test(`ends with exit code 3 when the daemon ${how}, and goes on with the next one`, async (t) => {
    const home = new DaemonHome(t)
    const {child, ended: gone} = await home.serve('--model', qwen)
    const other = await home.connect()
    const {input, output, rows, until} = jobIn(home)
    const batch = ended(home.start('batch', input, '--output', output, '--concurrency', '2'))
    await until(2)
    await end(home, child, other)
    const {code, stderr} = await batch
    assert.is(code, 3, stderr)
    assert.match(stderr, /Continue with --resume/)
    // No part of an answer may pass for a whole one.
    const isWhole = rows().every(({stop_reason: reason}) => reason === 'max_tokens')
    assert.ok(rows().length < count && isWhole, JSON.stringify(rows()))
    child.kill('SIGTERM')
    await gone
    await home.serve('--model', qwen)
    const resumed = await home.run('batch', input, '--output', output, '--resume')
    assert.is(resumed.code, 0, resumed.stderr)
    assert.equal(
      rows().map(({id}) => id),
      Array.from({length: count}, (_, n) => `s${n}`),
    )
  })
}

test('goes on here with what a daemon has begun, and in a daemon with what was begun here', async (t) => {
  const home = new DaemonHome(t)
  const {input, output, rows} = jobIn(home)
  const begun = ['batch', input, '--model', qwen, '--output', output, '--resume']
  const here = await home.run(...begun, '--limit', '2')
  assert.is(here.code, 0, here.stderr)
  const {child, ended: gone} = await home.serve('--model', qwen)
  const there = await home.run(...begun, '--limit', '4')
  assert.is(there.code, 0, there.stderr)
  assert.is((await home.status()).queue.completed, 2)
  child.kill('SIGTERM')
  await gone
  const hereAgain = await home.run(...begun, '--limit', '6')
  assert.is(hereAgain.code, 0, hereAgain.stderr)
  assert.is(rows().length, 6)
})

test('ends soon after the model was switched', async (t) => {
  const home = new DaemonHome(t)
  await home.serve('--model', qwen)
  const other = await home.connect()
  const {input, output, rows, until} = jobIn(home, 2000)
  const batch = ended(home.start('batch', input, '--output', output))
  await until(2)
  await other.switchGraph(0, phi3)
  const {code, stderr} = await batch
  assert.is(code, 3, stderr)
  assert.match(stderr, /The model was switched to .*phi3.*\.gguf during the batch/)
  assert.ok(rows().length < 2000, String(rows().length))
})
