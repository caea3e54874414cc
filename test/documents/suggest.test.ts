import * as assert from 'uvu/assert'
import {suggest} from '../../src/documents/index.js'
import {suite} from '../support/suite.js'

const test = suite('suggest')

const cases: [string, string | undefined][] = [
  ['tmep', 'temp'],
  ['ctxsize', 'ctx_size'],
  ['CTX_SIZE', 'ctx_size'],
  ['colour', undefined],
  ['x', undefined],
]
for (const [name, meant] of cases) {
  test(`${name} gives ${meant ?? 'nothing'}`, () => assert.is(suggest(name, ['temp', 'ctx_size', 'top_p']), meant))
}
