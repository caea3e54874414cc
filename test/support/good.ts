import * as assert from 'uvu/assert'
import {suite} from './suite.js'

const test = suite('good')
const order: string[] = []

test('skips', (t) => t.skip('no GPU here'))
test('cleans up', (t) => {
  t.after(() => order.push('first'))
  t.after(async () => Promise.resolve(order.push('second')))
})
test('saw the cleanups', () => assert.equal(order, ['second', 'first']))
