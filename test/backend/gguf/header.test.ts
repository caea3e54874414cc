import {execFileSync} from 'node:child_process'
import {copyFileSync, renameSync, rmSync, statSync, truncateSync} from 'node:fs'
import {readFile} from 'node:fs/promises'
import path from 'node:path'
import * as assert from 'uvu/assert'
import {readGgufHeader} from '../../../src/backend/gguf/header.js'
import {entry, header, string, temporaryFolder, u32, u64, withMetadata} from '../../support/crafted-gguf.js'
import {phi3, qwen, qwenQ8} from '../../support/fixtures.js'
import {rejects} from '../../support/rejects.js'
import {splitModel} from '../../support/split-gguf.js'
import {suite} from '../../support/suite.js'

const test = suite('GGUF header')

let files: Awaited<ReturnType<typeof temporaryFolder>>
test.before(async () => {
  files = await temporaryFolder()
})
test.after(() => files.remove())

test('a model says what it is', async () => {
  const {architecture, layers, vocabularySize, chatTemplate, tensors} = await readGgufHeader(qwen)
  assert.equal([architecture, layers, vocabularySize, tensors.length], ['qwen2', 4, 800, 50])
  assert.match(chatTemplate ?? '', /im_start/)
})

for (const model of [qwen, qwenQ8, phi3]) {
  test(`${path.basename(model)} passes every check`, async () => {
    assert.ok((await readGgufHeader(model)).layers > 0)
  })
}

const int = (value: number) => (bytes: Buffer, at: number) => void bytes.writeUInt32LE(value, at)
const float = (value: number) => (bytes: Buffer, at: number) => void bytes.writeFloatLE(value, at)

// Each of these makes llama.cpp abort its process, at load or at the first evaluation.
const aborting: [key: string, what: string, write: (bytes: Buffer, at: number) => void][] = [
  ['qwen2.embedding_length', '0', int(0)],
  ['qwen2.feed_forward_length', '0', int(0)],
  ['qwen2.attention.head_count', '0', int(0)],
  ['qwen2.attention.head_count', '2^31', int(2 ** 31)],
  ['qwen2.attention.head_count_kv', '0', int(0)],
  ['qwen2.block_count', '0', int(0)],
  ['qwen2.block_count', '10^6', int(1e6)],
  ['qwen2.block_count', '2^32 - 1', int(2 ** 32 - 1)],
  ['qwen2.attention.layer_norm_rms_epsilon', 'NaN', float(NaN)],
  ['qwen2.attention.layer_norm_rms_epsilon', '0', float(0)],
  ['qwen2.attention.layer_norm_rms_epsilon', '-1', float(-1)],
]

for (const [key, what, write] of aborting) {
  test(`${key} of ${what} is refused and named`, async () => {
    const file = await files.file(
      `${key}-${what}.gguf`.replaceAll(/[^\w.-]/g, '_'),
      await withMetadata(qwen, key, write),
    )
    await rejects(readGgufHeader(file), 'invalid_argument', new RegExp(key.replaceAll('.', '\\.')))
  })
}

test('a file that is not there is model_not_found', () =>
  rejects(readGgufHeader(path.join(files.folder, 'absent.gguf')), 'model_not_found', /absent\.gguf/))

test('a folder and a path through a file are told apart from a missing file', async () => {
  await rejects(readGgufHeader(files.folder), 'invalid_argument', /not a regular file/)
  await rejects(readGgufHeader(path.join(qwen, 'x')), 'model_not_found')
})

test('a FIFO is refused without being opened', async () => {
  const fifo = path.join(files.folder, 'fifo.gguf')
  execFileSync('mkfifo', [fifo])
  await rejects(readGgufHeader(fifo), 'invalid_argument', /not a regular file/)
})

const contents: [sentence: string, bytes: Buffer | string, message: RegExp][] = [
  ['an empty file', '', /is empty/],
  ['text', 'hello, I am no model at all', /does not start with GGUF/],
  ['random bytes', Buffer.from(Array.from({length: 4096}, (_, i) => (i * 197 + 31) % 256)), /does not start with GGUF/],
  ['the magic alone', 'GGUF', /truncated/],
  ['version 1', header([], {version: 1}), /version 1/],
  ['version 99', header([], {version: 99}), /version 99/],
  ['2^40 tensors', header([], {tensors: 2n ** 40n}), /tensors/],
  ['2^64 - 1 tensors', header([], {tensors: 2n ** 64n - 1n}), /tensors/],
  ['a key of 2^63 bytes', header([u64(2n ** 63n)]), /string length/],
  ['a string of 2^30 bytes', header([entry('a', 8, u64(2n ** 30n))]), /longer than/],
  ['an array of 2^40 numbers', header([entry('a', 9, Buffer.concat([u32(4), u64(2n ** 40n)]))]), /longer than/],
  ['an array of arrays', header([entry('a', 9, Buffer.concat([u32(9), u64(1n)]))]), /arrays of metadata type 9/],
  ['an unknown metadata type', header([entry('a', 99, u32(0))]), /metadata type 99/],
  ['no architecture', header([entry('a', 4, u32(0))]), /no architecture/],
  ['an image encoder', header([entry('general.architecture', 8, string('clip'))]), /image encoder/],
]

for (const [sentence, bytes, message] of contents) {
  test(`${sentence} is refused at once`, async () => {
    const file = await files.file(`${sentence.replaceAll(/\W/g, '_')}.gguf`, bytes)
    await rejects(readGgufHeader(file), 'invalid_argument', message)
  })
}

test('a file cut anywhere is refused', async () => {
  const whole = await readFile(qwen)
  for (const length of [5, 12, 23, 24, 100, 1000, 5000, 20_000, whole.length / 2, whole.length - 1]) {
    const file = await files.file('cut.gguf', whole.subarray(0, length))
    await rejects(readGgufHeader(file), 'invalid_argument')
  }
})

test('a split model is all its files, whichever of them is named', async () => {
  const parts = splitModel(qwen, path.join(files.folder, 'whole'), 3)
  const whole = await readGgufHeader(qwen)
  for (const part of parts) {
    const header = await readGgufHeader(part)
    assert.equal([header.path, header.files], [parts[0], parts])
    assert.equal(new Set(header.tensors.map(({name}) => name)), new Set(whole.tensors.map(({name}) => name)))
    assert.is(
      header.fileBytes,
      parts.map((file) => statSync(file).size).reduce((a, b) => a + b),
    )
  }
})

test('a part that is missing is named, also the first', async () => {
  const [first = '', second = ''] = splitModel(qwen, path.join(files.folder, 'lone'))
  renameSync(second, `${second}.kept`)
  await rejects(
    readGgufHeader(first),
    'model_not_found',
    /is the first of 2 files, and \S+00002-of-00002\.gguf is missing/,
  )
  renameSync(`${second}.kept`, second)
  rmSync(first)
  const error = await rejects(readGgufHeader(second), 'model_not_found', /is part 2 of 2 .* the first part is missing/)
  assert.match(error.hint ?? '', /lone-00001-of-00002\.gguf does not exist/)
})

test('parts that do not belong together, are cut off or have other names are refused', async () => {
  const [first = '', second = '', third = ''] = splitModel(qwen, path.join(files.folder, 'mixed'), 3)
  copyFileSync(second, path.join(files.folder, 'renamed.gguf'))
  const renamed = path.join(files.folder, 'renamed.gguf')
  for (const [part, message] of [
    [second, /part 2 of 3 .* its name/],
    [first, /not named -00001-of-00003/],
  ] as const) {
    copyFileSync(part, renamed)
    const {hint} = await rejects(readGgufHeader(renamed), 'invalid_argument', message)
    // The file is as it should be; another download would not help.
    assert.match(hint ?? '', /^Give all parts the names that they had/)
  }
  copyFileSync(third, `${third}.kept`)
  copyFileSync(second, third)
  await rejects(readGgufHeader(first), 'invalid_argument', /mixed-00003-of-00003\.gguf .* is not part 3 of 3/)
  copyFileSync(`${third}.kept`, third)
  truncateSync(third, statSync(third).size - 1000)
  await rejects(readGgufHeader(first), 'invalid_argument', /mixed-00003-of-00003\.gguf is truncated/)
})
