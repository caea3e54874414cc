import {spawnSync} from 'node:child_process'
import {readFileSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import * as assert from 'uvu/assert'
import {qwen} from '../support/fixtures.js'
import {cli} from '../support/run-cli.js'
import {suite} from '../support/suite.js'
import {temporaryFolder} from '../support/temporary-folder.js'

const test = suite('output that cannot be written', {timeoutMs: 20_000})

for (const argv of [
  ['chat', qwen, '--prompt', 'Hello!'],
  ['chat', qwen, '--prompt', 'Hello!', '--json'],
  ['test', 'suites/conformance', '--filter', '2'],
]) {
  test(`wnn ${argv.slice(0, 1).join(' ')} ${argv.at(-1) ?? ''} on a full disk says so in one line`, () => {
    const {status, stderr} = spawnSync('sh', ['-c', '"$@" > /dev/full', 'sh', process.execPath, cli, ...argv], {
      encoding: 'utf8',
      env: {...process.env, NO_COLOR: '1'},
    })
    assert.is(status, 2, stderr)
    assert.match(stderr, /^error: Standard output cannot be written: .*ENOSPC/m)
    assert.not.match(stderr, /^\s+at /m)
  })
}

test('a batch whose summary cannot be written has its rows all the same', (t) => {
  const folder = temporaryFolder(t)
  const [input, output] = [path.join(folder, 'in.jsonl'), path.join(folder, 'rows.jsonl')]
  writeFileSync(input, '{"prompt": "What is 2 + 2?", "temp": 0}\n')
  const argv = ['batch', input, '--model', qwen, '--output', output, '--json']
  const {status, stderr} = spawnSync('sh', ['-c', '"$@" > /dev/full', 'sh', process.execPath, cli, ...argv], {
    encoding: 'utf8',
    env: {...process.env, NO_COLOR: '1', WNN_SOCKET: path.join(folder, 'none.sock')},
  })
  assert.is(status, 2, stderr)
  assert.match(stderr, /^error: Standard output cannot be written: .*ENOSPC/m)
  assert.match(readFileSync(output, 'utf8'), /"text":"2 \+ 2 = 4\."/)
})

test('a conversation that cannot be kept is answered all the same, with a warning', (t) => {
  const argv = ['chat', qwen, '--temp', '0', '--prompt', 'My name is Alice.', '--state-dir', temporaryFolder(t)]
  // Longer than the file may become.
  const session = 'x'.repeat(3000)
  const {status, stdout, stderr} = spawnSync(
    'sh',
    ['-c', 'ulimit -f 2; "$@"', 'sh', process.execPath, cli, ...argv, '--session', session],
    {encoding: 'utf8', env: {...process.env, NO_COLOR: '1'}},
  )
  assert.equal([stdout, status], ['Nice to meet you, Alice!\n', 0])
  assert.match(stderr, /^warning: The conversation could not be written: the file would be larger.*\n$/m)
})
