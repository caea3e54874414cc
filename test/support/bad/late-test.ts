import {suite} from '../suite.js'

const test = suite('late test')
test('is in time', () => undefined)
await Promise.resolve()
test('is too late', () => undefined)
