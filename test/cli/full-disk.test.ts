import {spawnSync} from 'node:child_process'
import * as assert from 'uvu/assert'
import {qwen} from '../support/fixtures.js'
import {cli} from '../support/run-cli.js'
import {suite} from '../support/suite.js'

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
    assert.match(stderr, /standard output cannot be written: .*ENOSPC/)
    assert.not.match(stderr, /^\s+at /m)
  })
}
