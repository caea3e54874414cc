import {execFile} from 'node:child_process'
import path from 'node:path'
import {promisify} from 'node:util'
import * as assert from 'uvu/assert'
import {createWasiNN, NnError, type NnBackend} from '../../src/index.js'
import {canSuspend} from '../../src/wasm/webassembly.js'
import {suite} from '../support/suite.js'
import {newerNode, noNewerNode} from './support/newer-node.js'

const test = suite('createWasiNN', {timeoutMs: 120_000})
const root = path.join(import.meta.dirname, '../..')

test('a hundred guests on one thread get the right answers', async (t) => {
  const node = newerNode() ?? t.skip(noNewerNode)
  const argv = ['--import', 'tsx', path.join(root, 'test/wasm/support/many-guests.ts'), '100']
  const {stdout} = await promisify(execFile)(node, argv, {cwd: root})
  assert.equal(JSON.parse(stdout), {
    '0 Hello! How can I help you?': 25,
    '1 4 + 5 = 9.': 25,
    '2 The capital of France is Paris.': 25,
    '3 You have not told me your name.': 25,
  })
})

test('without JSPI it says what to use instead', (t) => {
  if (canSuspend()) t.skip('this Node.js has JSPI')
  try {
    createWasiNN({} as NnBackend)
    assert.unreachable()
  } catch (error) {
    assert.instance(error, NnError)
    assert.is((error as NnError).reason, 'unsupported_operation')
    assert.match((error as NnError).hint ?? '', /Node\.js 24 .* runGuest/)
  }
})
