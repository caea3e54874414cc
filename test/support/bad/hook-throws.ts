import {suite} from '../suite.js'

const test = suite('hook throws')
test.before(() => {
  throw new Error('no database')
})
test('never gets here', () => undefined)
