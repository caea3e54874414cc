import {suite} from '../suite.js'

const test = suite('live timer')
test('leaves a timer running', () => void setInterval(() => undefined, 1000))
