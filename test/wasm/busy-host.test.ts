import {Readable} from 'node:stream'
import * as assert from 'uvu/assert'
import type * as library from '../../src/index.js'
import {cli} from '../support/run-cli.js'
import {suite} from '../support/suite.js'
import {program} from './support/guests.js'

// The built library: from sources, the thread of a guest has a loader, which keeps it from exiting.
const test = suite('a busy host', {timeoutMs: 30_000})
const built = new URL('../dist/index.js', `file://${cli}`).href

test('the end of a program is not lost while the host is busy', async (t) => {
  const {compileGuest, initBackend, runGuest} = (await import(built)) as typeof library
  const backend = await initBackend()
  t.after(() => backend.deinit())
  const write = '(drop (call $fd_write (i32.const 2) (i32.const 0) (i32.const 1) (i32.const 8)))'
  const guest = await compileGuest(await program(`${write} (call $proc_exit (i32.const 5))`), 1 << 20)
  const block = (): Promise<void> => {
    // The thread ends while this one does not look.
    setImmediate(() => setImmediate(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500)))
    return Promise.resolve()
  }
  for (let round = 0; round < 3; round++) {
    const output = {write: block}
    const result = await runGuest({
      ...{backend, guest, args: ['guest.wasm'], bridge: 'wait'},
      ...{stdin: Readable.from([]), stdout: output, stderr: output},
    })
    assert.equal(result.kind === 'exit' ? result.code : result, 5)
  }
})
