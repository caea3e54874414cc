import {Ajv} from 'ajv'
import * as assert from 'uvu/assert'
import {configSchema, renderConfigReference} from '../../src/config/index.js'
import {configSections, keysOf, requestSections} from '../../src/config/schema.js'
import {suite} from '../support/suite.js'

const test = suite('published schema and reference')

test('the published schema is valid draft-07', () => {
  const ajv = new Ajv({strict: true, formats: {regex: true}})
  assert.ok(ajv.validateSchema(configSchema()), JSON.stringify(ajv.errors))
  ajv.compile(configSchema())
})

test('every key has a description, and the reference has a row for it', () => {
  const reference = renderConfigReference()
  for (const {name, key, schema} of [...keysOf(configSections), ...keysOf(requestSections)]) {
    assert.ok((schema.description ?? '').endsWith('.'), name)
    assert.ok(reference.includes(`| \`${key}\` |`), name)
  }
  assert.not.match(reference, /undefined/)
})
