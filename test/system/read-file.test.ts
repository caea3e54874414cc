import {execFileSync, spawn} from 'node:child_process'
import {once} from 'node:events'
import {writeFileSync} from 'node:fs'
import path from 'node:path'
import * as assert from 'uvu/assert'
import {readBounded} from '../../src/system/read-file.js'
import {suite} from '../support/suite.js'
import {temporaryFolder} from '../support/temporary-folder.js'

const test = suite('reading named files', {timeoutMs: 15_000})

const pipeIn = (folder: string): string => {
  const file = path.join(folder, 'pipe')
  execFileSync('mkfifo', [file])
  return file
}

test('a regular file is read whole, up to its limit', (t) => {
  const file = path.join(temporaryFolder(t), 'text')
  const text = 'x'.repeat(200_000)
  writeFileSync(file, text)
  assert.is(readBounded(file, 200_000).toString(), text)
  assert.throws(
    () => readBounded(file, 199_999),
    /text is too large: it has 200000 bytes, at most 199999 bytes are allowed/,
  )
  assert.throws(() => readBounded(`${file}.none`, 10), /ENOENT/)
  assert.throws(() => readBounded(path.dirname(file), 10_000), /EISDIR/)
})

test('a device without contents is empty, and one without an end is too large', () => {
  assert.is(readBounded('/dev/null', 10).length, 0)
  assert.throws(() => readBounded('/dev/zero', 1_000_000), /\/dev\/zero is too large: it has more/)
})

test('what a program writes into a pipe is read, also after a pause', async (t) => {
  const file = pipeIn(temporaryFolder(t))
  const writer = spawn('sh', ['-c', `exec > '${file}'; sleep 0.1; echo one; sleep 0.1; echo two`])
  t.after(() => writer.kill())
  const ended = once(writer, 'close')
  assert.is(readBounded(file, 100).toString(), 'one\ntwo\n')
  await ended
})

test('a pipe without a writer, and one whose writer is silent, is an error after some time', async (t) => {
  const file = pipeIn(temporaryFolder(t))
  const silence = /pipe sent nothing for 0\.2 s/
  assert.throws(() => readBounded(file, 100, file, 200), silence)
  const writer = spawn('sh', ['-c', `exec > '${file}'; exec sleep 30`], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  t.after(() => writer.kill())
  assert.throws(() => readBounded(file, 100, file, 200), /pipe sent nothing for 1\.8 s/)
  writer.kill()
  await once(writer, 'close')
})
