import {suite} from '../suite.js'

const test = suite('never settles', {timeoutMs: 200})
test('waits for ever', async () => new Promise(() => undefined))
