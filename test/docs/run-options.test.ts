import * as assert from 'uvu/assert'
import {guestOptions} from '../../src/wasm/host/option-table.js'
import {errnos} from '../../src/wasm/abi/numbers.js'
import {readPage} from '../support/pages.js'
import {suite} from '../support/suite.js'

const test = suite('reference of wnn run')
const page = readPage('docs/reference/run.md')

test('it lists the option names of programs with the settings that they set', () => {
  const [, options = ''] = page.split('## Options of programs')
  const rows = new Map(
    [...options.matchAll(/^\| `([\w-]+)` \| (.*) \|$/gm)].map(([, name = '', effect = '']) => [name, effect]),
  )
  for (const [name, {sets}] of Object.entries(guestOptions)) {
    const effect = rows.get(name)
    if (sets === undefined) assert.ok(effect !== undefined || options.includes(`\`${name}\``), name)
    else assert.ok(effect?.startsWith(`\`${sets}\``), `${name}: ${effect ?? 'missing'}`)
  }
  for (const name of rows.keys()) assert.ok(name in guestOptions, name)
})

test('it lists the error numbers', () => {
  for (const [name, number] of Object.entries(errnos)) assert.ok(page.includes(`| ${number} | \`${name}\` |`), name)
})
