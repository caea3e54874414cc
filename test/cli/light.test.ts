import {spawn} from 'node:child_process'
import {fileURLToPath} from 'node:url'
import * as assert from 'uvu/assert'
import {ended} from '../daemon/support/daemon-home.js'
import {filesOf} from '../support/bundled-files.js'
import {qwen} from '../support/fixtures.js'
import {runCli, type CliResult} from '../support/run-cli.js'
import {suite} from '../support/suite.js'

const test = suite('light commands', {timeoutMs: 20_000})
const hook = fileURLToPath(new URL('../support/hooks/refuse-engine.mjs', import.meta.url))

const withoutEngine = (argv: string[], input?: string): Promise<CliResult> =>
  runCli(argv, {env: {NODE_OPTIONS: `--import ${hook}`}, ...(input !== undefined && {input})})

for (const argv of [
  ['--version'],
  ['--help'],
  ['test', '--help'],
  ['chat', '--help'],
  ['batch', '--help'],
  ['help', 'chat'],
  ['bench', '--help'],
]) {
  test(`wnn ${argv.join(' ')} never loads node-llama-cpp`, async () => {
    const {code, stderr} = await withoutEngine(argv)
    assert.equal({code, stderr}, {code: 0, stderr: ''})
  })
}

test('the hook that proves it does catch the engine', async () => {
  const {code, stderr} = await withoutEngine(['chat', qwen], 'Hello!')
  assert.is(code, 3)
  assert.match(stderr, /REFUSED/)
})

test('what every command reads first is a few files', async () => {
  const files = await filesOf('dist/main.js')
  assert.ok(files.length <= 5, files.join(' '))
})

test('bin/dev.js runs the same commands from the sources', async () => {
  const dev = fileURLToPath(new URL('../../bin/dev.js', import.meta.url))
  for (const argv of [['--help'], ['status', '--help'], ['completion', 'bash']]) {
    const built = await runCli(argv)
    const {code, stdout, stderr} = await ended(spawn(process.execPath, ['--import', 'tsx', dev, ...argv]))
    assert.equal({code, stdout, stderr}, {code: 0, stdout: built.stdout, stderr: ''})
  }
})
