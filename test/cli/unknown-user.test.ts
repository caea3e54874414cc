import {spawn, spawnSync} from 'node:child_process'
import {chmodSync, mkdirSync} from 'node:fs'
import path from 'node:path'
import * as assert from 'uvu/assert'
import {ended, type Ended} from '../daemon/support/daemon-home.js'
import {qwen} from '../support/fixtures.js'
import {cli} from '../support/run-cli.js'
import {suite, type TestContext} from '../support/suite.js'
import {temporaryFolder} from '../support/temporary-folder.js'

const test = suite('users that the system does not know, and folders of others', {timeoutMs: 60_000})

/** In /etc/passwd of no system. */
const uid = 1_234_567
const asUser = ['--reuid', String(uid), '--regid', String(uid), '--clear-groups']
const question = ['--temp', '0', '--prompt', 'What is the capital of France?']
const answer = 'The capital of France is Paris.\n'

/** Only root may become another user, who needs to read the checkout. */
const canChange = spawnSync('setpriv', [...asUser, 'head', '-c1', cli, qwen]).status === 0

interface Place {
  temporary: string
  env: Record<string, string>
}

/** A temporary folder of that user, and nothing else of its own. */
function place(t: TestContext): Place {
  const temporary = temporaryFolder(t)
  chmodSync(temporary, 0o777)
  return {temporary, env: {PATH: process.env['PATH'] ?? '', TMPDIR: temporary, NO_COLOR: '1'}}
}

function run(argv: readonly string[], env: Record<string, string>, cwd = '/'): Promise<Ended> {
  return ended(
    spawn('setpriv', [...asUser, process.execPath, cli, ...argv], {cwd, env, stdio: ['ignore', 'pipe', 'pipe']}),
  )
}

test('in a folder that was removed, whole paths work, and relative ones are a sentence', async (t) => {
  const folder = path.join(temporaryFolder(t), 'gone')
  const inGone = (argv: readonly string[]): Promise<Ended> => {
    mkdirSync(folder)
    const shell = ['-c', 'rmdir "$PWD"; exec "$@"', 'sh', process.execPath, cli, ...argv]
    return ended(spawn('sh', shell, {cwd: folder, stdio: ['ignore', 'pipe', 'pipe']}))
  }
  const asked = await inGone(['chat', qwen, '--local', ...question])
  assert.equal([asked.code, asked.stdout], [0, answer], asked.stderr)
  const relative = await inGone(['chat', 'model.gguf', '--local', ...question])
  assert.is(relative.code, 2)
  assert.match(relative.stderr, /^error: The working directory no longer exists\.\nChange to /m)
})

if (canChange) {
  for (const home of [undefined, '/', '', '/no/such/home']) {
    test(`commands work for a user without an entry, HOME ${home ?? 'not set'}`, async (t) => {
      const {env} = place(t)
      const all = {...env, ...(home !== undefined && {HOME: home})}
      assert.is((await run(['--version'], all)).code, 0)
      const asked = await run(['chat', qwen, '--local', ...question], all)
      assert.equal([asked.code, asked.stdout], [0, answer], asked.stderr)
      const status = await run(['status'], all)
      assert.is(status.code, 3)
      assert.match(status.stderr, new RegExp(`No daemon listens on \\S+/wnn-${uid}/daemon\\.sock`))
    })
  }

  test('it has a daemon of its own where XDG_RUNTIME_DIR is that of another user', async (t) => {
    const {env, temporary} = place(t)
    const foreign = path.join(temporary, 'foreign')
    mkdirSync(foreign, {mode: 0o700})
    const all = {...env, XDG_RUNTIME_DIR: foreign}
    const status = await run(['status'], all)
    assert.is(status.code, 3)
    assert.match(status.stderr, /XDG_RUNTIME_DIR is not used: \S+foreign belongs to another user\. Start one/)
    const asJson = await run(['status', '--json'], all)
    assert.is((JSON.parse(asJson.stdout) as {error: {reason: string}}).error.reason, 'not_running')
    const asked = await run(['chat', qwen, ...question], all)
    assert.equal([asked.code, asked.stdout], [0, answer], asked.stderr)
    const loaded = await run(['load', qwen], all)
    t.after(() => run(['stop', '--now'], all))
    assert.equal([loaded.code, loaded.stdout], [0, '0\n'], loaded.stderr)
    assert.is((await run(['status'], all)).code, 0)
  })

  test('a socket below a folder of another user is a sentence, and a file needs no daemon', async (t) => {
    const {env, temporary} = place(t)
    const foreign = path.join(temporary, 'foreign')
    mkdirSync(foreign, {mode: 0o700})
    const all = {...env, WNN_SOCKET: path.join(foreign, 'wnn/daemon.sock')}
    const status = await run(['status'], all)
    assert.is(status.code, 2)
    assert.match(status.stderr, /The socket's folder \S+ cannot be used: a folder above it belongs to another user\./)
    const asked = await run(['chat', qwen, ...question], all)
    assert.equal([asked.code, asked.stdout], [0, answer], asked.stderr)
  })
}
