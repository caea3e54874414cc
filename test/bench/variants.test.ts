import * as assert from 'uvu/assert'
import {localModels} from '../../src/bench/variants.js'
import {suite} from '../support/suite.js'

const test = suite('columns of local models')
const sizes = {contextTokens: 512, slots: 1}
const names = (files: string[], compare?: string[]): string[] =>
  localModels(files, {compare}, sizes).map(({name}) => name)

test('each file is a column, each value to compare one more', () => {
  assert.equal(names(['x/a.gguf', 'b.gguf']), ['a', 'b'])
  assert.equal(names(['a.gguf', 'b.gguf'], ['model.threads=1,2']), [
    ...['a model.threads=1', 'a model.threads=2', 'b model.threads=1', 'b model.threads=2'],
  ])
  assert.is(names(['a.gguf'], ['model.threads=1,2', 'model.batch_size=64,128,256']).length, 6)
})

test('the same file twice is a run against itself, whose columns are numbered', () => {
  assert.equal(names(['a.gguf', 'x/a.gguf', 'b.gguf']), ['a #1', 'a #2', 'b'])
})

test('a compared value goes over --set, and over nothing else', () => {
  const models = localModels(['a.gguf'], {set: ['model.threads=4', 'temp=0'], compare: ['model.threads=1,2']}, sizes)
  assert.equal(
    models.map(({given}) => given),
    [1, 2].map((threads) => ({model: {threads}, sampling: {temp: 0}})),
  )
})

test('a comparison needs two values of a known key', () => {
  assert.throws(() => names(['a.gguf'], ['model.threads=1']), /--compare takes key=value,value/)
  assert.throws(() => names(['a.gguf'], ['model.thread=1,2']), /unknown key "thread"/)
  assert.throws(() => names(['a.gguf'], ['model.threads=1,x']), /model\.threads/)
})
