import {suite} from '../suite.js'

const test = suite('cleanup throws')
test('passes, but cannot tidy up', (t) => {
  t.after(() => {
    throw new Error('cannot tidy up')
  })
})
