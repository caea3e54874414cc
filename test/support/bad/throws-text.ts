import {suite} from '../suite.js'

const test = suite('throws text')
test('throws something that is not an Error', () => {
  // eslint-disable-next-line @typescript-eslint/only-throw-error -- this is what the harness must survive
  throw 'plain text'
})
