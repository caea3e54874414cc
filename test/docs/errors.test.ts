import {readFileSync} from 'node:fs'
import * as assert from 'uvu/assert'
import {errorCodes} from '../../src/errors.js'
import {suite} from '../support/suite.js'

const test = suite('docs/errors.md')

test('the table has every error with its number and exit code, and no other', () => {
  const page = readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8')
  const rows = [...page.matchAll(/^\| `(\w+)` \| (\d+) \|.*\| (\d+) \|$/gm)].map(([, code, number, exit]) => [
    code,
    {number: Number(number), exit: Number(exit)},
  ])
  const expected = Object.entries(errorCodes).map(([code, {number, exit}]) => [code, {number, exit}])
  assert.equal(rows, expected)
})
