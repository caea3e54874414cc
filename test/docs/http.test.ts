import {readFileSync} from 'node:fs'
import * as assert from 'uvu/assert'
import {errorStatuses} from '../../src/openai/api-error.js'
import {suite} from '../support/suite.js'

const test = suite('docs/http.md')

test('the table has the status of every error of the lifecycle', () => {
  const page = readFileSync(new URL('../../docs/http.md', import.meta.url), 'utf8')
  const rows = [...page.matchAll(/^\| ([\d, ]+) \| `(\w+)` \| (.*?) \|/gm)].flatMap(
    ([, statuses = '', type, codes = '']) =>
      [...codes.matchAll(/`(\w+)`/g)].flatMap(([, code]) =>
        statuses.split(', ').map((status) => `${status} ${type ?? ''} ${code ?? ''}`),
      ),
  )
  for (const [name, expected] of Object.entries(errorStatuses))
    assert.ok(rows.includes(expected.join(' ')), `${name}: ${expected.join(' ')} is not in the table`)
})
