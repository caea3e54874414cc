import * as assert from 'uvu/assert'
import {firstPart, partsOf} from '../../src/system/split-files.js'
import {suite} from '../support/suite.js'

const test = suite('files of a split model')

test('any part names all of them, and the first', () => {
  const all = ['/m/a-00001-of-00003.gguf', '/m/a-00002-of-00003.gguf', '/m/a-00003-of-00003.gguf']
  for (const part of all) {
    assert.equal(partsOf(part), all)
    assert.is(firstPart(part), all[0])
  }
  assert.equal(partsOf('m-00001-of-00001.gguf'), ['m-00001-of-00001.gguf'])
})

test('other names are one file', () => {
  for (const file of [
    ...['qwen.gguf', 'a-1-of-2.gguf', 'a-00003-of-00002.gguf', 'a-00000-of-00002.gguf', 'a-00001-of-00000.gguf'],
    ...['a-00001-of-00002.txt', 'a-00001-of-00002', '-00001-of-00002.gguf.part'],
  ]) {
    assert.equal([partsOf(file), firstPart(file)], [[file], file])
  }
})
