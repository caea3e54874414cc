import * as assert from 'uvu/assert'
import {parseNumbers} from '../../src/bench/numbers.js'
import {suite} from '../support/suite.js'

const test = suite('lists and ranges of numbers')
const limits = {min: 0, max: 100_000}

const read: [text: string, numbers: number[]][] = [
  ['512', [512]],
  ['0', [0]],
  ['1,4, 16', [1, 4, 16]],
  ['1-4', [1, 2, 3, 4]],
  ['0-100+25', [0, 25, 50, 75, 100]],
  ['0-90+25', [0, 25, 50, 75]],
  ['128-2048*2', [128, 256, 512, 1024, 2048]],
  ['100-1000*3', [100, 300, 900]],
  ['7-7', [7]],
  ['4,1-3,2', [4, 1, 2, 3]],
]
for (const [text, numbers] of read) {
  test(`${text} is ${numbers.join(' ')}`, () => assert.equal(parseNumbers(text, '-p', limits), numbers))
}

const refused: [text: string, message: RegExp][] = [
  ['', /-p takes whole numbers; got ""/],
  ['x', /-p takes whole numbers; got "x"/],
  ['-5', /got "-5"/],
  ['1.5', /got "1.5"/],
  ['1,,2', /got ""/],
  ['5-1', /-p 5-1: the range ends at 1, before its start/],
  ['0-8*2', /a step of \*2 from 0 does not increase/],
  ['1-8*1', /a step of \*1 from 1 does not increase/],
  ['1-8+0', /a step of \+0 from 1 does not increase/],
  ['1-100000', /more than 1000 numbers/],
  ['200000', /from 0 to 100000; got 200000/],
]
for (const [text, message] of refused) {
  test(`${JSON.stringify(text)} is refused`, () => assert.throws(() => parseNumbers(text, '-p', limits), message))
}
