import {linkSync, mkdirSync, symlinkSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import * as assert from 'uvu/assert'
import {NnError} from '../../src/errors.js'
import {checkOutput} from '../../src/batch/output/check-output.js'
import {suite} from '../support/suite.js'
import {temporaryFolder} from '../support/temporary-folder.js'

const test = suite('output of a batch beside what it is made from')

const refused = (message: RegExp): ((error: unknown) => boolean) => {
  return (error) => error instanceof NnError && error.code === 'invalid_argument' && message.test(error.message)
}

const names: [how: string, name: string, link?: (from: string, to: string) => void][] = [
  ['by its name', 'source'],
  ['by another way to it', '../folder/source'],
  ['by a symbolic link', 'link', symlinkSync],
  ['by a hard link', 'link', linkSync],
]
for (const [how, name, link] of names) {
  test(`is no source that is named ${how}`, (t) => {
    const folder = path.join(temporaryFolder(t), 'folder')
    const source = path.join(folder, 'source')
    mkdirSync(folder)
    writeFileSync(source, 'text')
    link?.(source, path.join(folder, name))
    assert.throws(
      () => checkOutput(`${folder}/${name}`, {'the model': undefined, 'the input': source}),
      refused(/is the input, which would be overwritten/),
    )
  })
}

for (const suffix of ['.lock', '.meta.json', '.meta.json.new', '.new']) {
  test(`keeps no ${suffix} in the place of a source`, (t) => {
    const output = path.join(temporaryFolder(t), 'rows.jsonl')
    writeFileSync(output + suffix, '')
    assert.throws(
      () => checkOutput(output, {'the template': output + suffix}),
      refused(/writes beside its output\) is the template/),
    )
  })
}

test('is no part of a split model either', (t) => {
  const folder = temporaryFolder(t)
  const [first, second] = [path.join(folder, 'm-00001-of-00002.gguf'), path.join(folder, 'm-00002-of-00002.gguf')]
  for (const file of [first, second]) writeFileSync(file, 'text')
  for (const [output, model] of [
    [second, first],
    [first, second],
  ] as const) {
    assert.throws(() => checkOutput(output, {'the model': model}), refused(/is the model, which would be overwritten/))
  }
})

test('may be any other file, also where sources are not there', (t) => {
  const folder = temporaryFolder(t)
  const [output, source] = [path.join(folder, 'rows.jsonl'), path.join(folder, 'source')]
  const sources = {'the input': source, 'the model': path.join(folder, 'none'), 'the template': undefined}
  writeFileSync(source, 'text')
  checkOutput(output, sources)
  writeFileSync(output, 'text')
  checkOutput(output, sources)
})
