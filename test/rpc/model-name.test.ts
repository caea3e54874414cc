import * as assert from 'uvu/assert'
import {checkName, modelName, namesOf} from '../../src/rpc/model-name.js'
import {rejects} from '../support/rejects.js'
import {suite} from '../support/suite.js'

const test = suite('names of models')

const check = (name: string): Promise<string> => Promise.resolve().then(() => checkName(name, 'Another.'))
const names = (...files: string[]): Promise<string[]> => Promise.resolve().then(() => namesOf(files))

test('a file names its model, whatever its folder and the case of its ending', () => {
  assert.equal(['/a/qwen.gguf', 'phi.Q4.GGUF', 'plain'].map(modelName), ['qwen', 'phi.Q4', 'plain'])
})

test('the parts of a split model name the same model', () => {
  assert.equal(['/a/qwen-00001-of-00003.gguf', 'qwen-00003-of-00003.gguf'].map(modelName), ['qwen', 'qwen'])
  assert.equal(['qwen-1-of-3.gguf', 'qwen-00001-of-00003'].map(modelName), ['qwen-1-of-3', 'qwen-00001-of-00003'])
})

test('what would be taken for the id of a graph is no name', async () => {
  for (const name of ['0', '12', '007']) await rejects(check(name), 'invalid_argument', /numbers are graph ids/)
  await rejects(check(''), 'invalid_argument', /is empty/)
  assert.equal(await Promise.all(['1b', '7.5', '-1', 'qwen'].map(check)), ['1b', '7.5', '-1', 'qwen'])
})

test('files that are loaded together have different names', async () => {
  assert.equal(await names('a/qwen.gguf', 'a/phi.gguf'), ['qwen', 'phi'])
  await rejects(names('a/qwen.gguf', 'a/qwen.gguf'), 'invalid_argument', /a\/qwen.gguf is given twice/)
  await rejects(names('a/qwen.gguf', 'b/qwen.GGUF'), 'invalid_argument', /would both be named qwen/)
  await rejects(names('a/1.gguf'), 'invalid_argument', /cannot be named 1/)
})
