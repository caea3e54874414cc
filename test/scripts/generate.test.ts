import {readFile} from 'node:fs/promises'
import path from 'node:path'
import * as assert from 'uvu/assert'
import {generated} from '../../scripts/generate.js'
import {suite} from '../support/suite.js'

const test = suite('generated files')

for (const [name, content] of Object.entries(generated)) {
  test(`${name} is what the sources give; else run scripts/generate.ts`, async () => {
    const file = path.join(import.meta.dirname, '../..', name)
    assert.is(await readFile(file, 'utf8'), content())
  })
}
