import {suite} from '../suite.js'

const test = suite('after hook throws')
test.after(() => {
  throw new Error('cannot tidy up')
})
test('is fine by itself', () => undefined)
