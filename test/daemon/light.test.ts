import {spawn} from 'node:child_process'
import {fileURLToPath} from 'node:url'
import * as assert from 'uvu/assert'
import {filesWith} from '../support/bundled-files.js'
import {qwen} from '../support/fixtures.js'
import {cli} from '../support/run-cli.js'
import {suite} from '../support/suite.js'
import {DaemonHome, ended, said} from './support/daemon-home.js'

const test = suite('commands that ask the daemon', {timeoutMs: 30_000})
const hook = fileURLToPath(new URL('../support/hooks/refuse-heavy.mjs', import.meta.url))

const packages = ['fastify', 'ajv', 'pino', 'yaml', 'listr2'].map((name) => `node_modules/${name}/`)
const sources = ['src/config/settings.ts', 'src/documents/type.ts', 'src/backend/engine/']

test('status, unload and stop load neither schemas nor server nor engine', async (t) => {
  const refused = await filesWith([...packages, ...sources])
  const home = new DaemonHome(t)
  await home.run('load', qwen)
  const env = {...process.env, NO_COLOR: '1', WNN_SOCKET: home.socket, REFUSED_FILES: refused.join('\n')}
  const run = (argv: string[]) => ended(spawn(process.execPath, ['--import', hook, cli, ...argv], {env}))
  for (const argv of [['status'], ['status', '--why'], ['unload', '0'], ['stop']]) {
    const {code, stderr} = await run(argv)
    assert.is(code, 0, stderr)
  }
  const {code, stderr} = await run(['serve'])
  assert.is(code, 1)
  assert.match(stderr, /REFUSED/)
})

test('status --watch adds a line each time where it is no terminal, and an object with --json', async (t) => {
  const home = new DaemonHome(t)
  await home.run('load', qwen)
  for (const [argv, line] of [
    [['--interval', '50'], /^0 running · 0 waiting .* MiB$/],
    [['--interval', '50', '--json'], /^\{"daemon":\{.*\}$/],
    [['--interval', '50', 'model'], /^tiny-qwen2-chat \(graph 0\)$/],
    [['--interval', '50', '--why'], /^(Nothing is wrong\.|(hint|problem): .*)$/],
  ] as const) {
    const child = home.start('status', '--watch', ...argv)
    let lines = 0
    child.stdout?.on('data', (data: Buffer) => {
      lines += data.toString().split('\n').length - 1
      if (lines >= 3) child.kill('SIGINT')
    })
    const {code, stdout} = await ended(child)
    assert.is(code, 130)
    for (const each of stdout.trimEnd().split('\n')) assert.match(each, line)
  }
  await home.run('stop')
})

test('status --watch --json ends with an error on one line when the daemon stops', async (t) => {
  const home = new DaemonHome(t)
  await home.run('load', qwen)
  const child = home.start('status', '--watch', '--json', '--interval', '50')
  const end = ended(child)
  await said(child, '}\n')
  await home.run('stop')
  const {code, stdout} = await end
  assert.is(code, 3)
  const lines = stdout.trimEnd().split('\n')
  const last = JSON.parse(lines.at(-1) ?? '') as {error: {code: string}}
  assert.ok(['not_running', 'runtime_error'].includes(last.error.code))
  for (const line of lines) JSON.parse(line)
})
