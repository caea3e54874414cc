import {readFileSync} from 'node:fs'
import * as assert from 'uvu/assert'
import {reasons, type Reason} from '../../src/errors.js'
import {apiCode, typeOf} from '../../src/openai/api-error.js'
import {suite} from '../support/suite.js'

const test = suite('docs/reference/http.md')

test('the table has the status of every error of the lifecycle', () => {
  const page = readFileSync(new URL('../../docs/reference/http.md', import.meta.url), 'utf8')
  const rows = [...page.matchAll(/^\| ([\d, ]+) \| `(\w+)` \| (.*?) \|/gm)].flatMap(
    ([, statuses = '', type, codes = '']) =>
      [...codes.matchAll(/`(\w+)`/g)].flatMap(([, code]) =>
        statuses.split(', ').map((status) => `${status} ${type ?? ''} ${code ?? ''}`),
      ),
  )
  for (const [reason, {status}] of Object.entries(reasons)) {
    const expected = `${status} ${typeOf(status)} ${apiCode(reason as Reason)}`
    assert.ok(rows.includes(expected), `${reason}: ${expected} is not in the table`)
  }
})
