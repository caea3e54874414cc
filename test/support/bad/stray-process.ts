import {spawn} from 'node:child_process'
import {suite} from '../suite.js'

const test = suite('stray process')
test('leaves a child process behind', () => {
  spawn('sleep', ['60'], {stdio: ['ignore', 'inherit', 'ignore']}).unref()
})
