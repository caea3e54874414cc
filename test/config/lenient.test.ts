import fc from 'fast-check'
import * as assert from 'uvu/assert'
import {configFromObject, defaultConfig, parseConfig, type Config} from '../../src/config/index.js'
import {configSections} from '../../src/config/schema.js'
import {spellingsOf} from '../../src/config/legacy/spellings.js'
import {createValidator, findFaults} from '../../src/documents/index.js'
import {suite} from '../support/suite.js'

const test = suite('lenient configuration', {timeoutMs: 20_000})

const validateWhole = createValidator({
  type: 'object',
  required: Object.keys(configSections),
  properties: configSections,
})

function assertValid(config: Config): void {
  assert.equal(findFaults(config, validateWhole), [])
}

const broken: [string, string, Partial<ReturnType<typeof parseConfig>['warnings'][number]>][] = [
  [
    '10: a value that is no number',
    '{"max_sessions":invalid}',
    {path: 'max_sessions', value: 'invalid', allowed: 'an integer from 1 to 10000', used: 100},
  ],
  ['10: an empty text', '', {path: '', value: null, allowed: 'an object', used: null}],
  [
    '10: a text that breaks off',
    '{"incomplete":',
    {path: '', value: '{"incomplete":', allowed: 'JSON or YAML', used: null},
  ],
  [
    '10: a huge value',
    '{"model":{"ctx_size":999999999}}',
    {path: 'model.ctx_size', value: 999_999_999, allowed: 'an integer from 16 to 1048576', used: 2048},
  ],
  ['a number beyond the range of numbers', '{"temp":1e999}', {path: 'temp', value: Infinity, used: 0.7}],
  ['an unknown key', '{"tmep":1}', {path: 'tmep', value: 1, allowed: 'a section, or a key of one', used: null}],
  ['a section that is no object', '{"model":3}', {path: 'model', value: 3, allowed: 'an object', used: null}],
  ['a list', '[1]', {path: '', allowed: 'an object'}],
  ['a wrong item of a list', '{"stop":["a",1]}', {path: 'stop[1]', value: ['a', 1], used: []}],
  ['a pattern that is none', '{"patterns":["("]}', {path: 'patterns[0]', allowed: 'a regular expression', used: []}],
]
for (const [sentence, text, expected] of broken) {
  test(`${sentence} is a warning, and the default is used`, () => {
    const {config, warnings} = parseConfig(text, {cores: 4})
    assert.equal(config, defaultConfig(4))
    assert.is(warnings.length, 1)
    const found: Record<string, unknown> = {...warnings[0]}
    for (const [key, value] of Object.entries(expected)) assert.equal(found[key], value, key)
  })
}

test('every huge value is refused, or right', () => {
  for (const {path} of spellingsOf(configSections)) {
    const object = path.reduceRight<unknown>((inner, name) => ({[name]: inner}), 999_999_999)
    assertValid(configFromObject(object).config)
  }
})

test('warnings say in one line what is wrong, what to do, and what is used', () => {
  const messages = (text: string): string[] => parseConfig(text).warnings.map(({message}) => message)
  assert.equal(messages('{"top_p":7}'), ['top_p: must be a number from 0 to 1; got 7. Using 0.95.'])
  assert.equal(messages('{"tmep":1}'), ['tmep: unknown key "tmep". Did you mean "temp"? It is ignored.'])
  assert.equal(messages('{"model":{"temp":1}}'), [
    'model.temp: unknown key "temp". It is written sampling.temp. It is ignored.',
  ])
  assert.equal(messages('a: 1\n b: 2'), [
    'document: line 1, column 4: Nested mappings are not allowed in compact mappings. The document is ignored.',
  ])
})

test('a wrong value leaves the other spelling in force', () => {
  const {config, warnings} = parseConfig('{"model":{"ctx_size":"big"},"n_ctx":4096}')
  assert.is(config.model.ctx_size, 4096)
  assert.is(warnings[0]?.used, 4096)
})

test('a section without keys and a $schema are no mistakes', () => {
  assert.equal(parseConfig('$schema: x\nsampling:\nmodel: {}\n').warnings, [])
})

const names = [...new Set(spellingsOf(configSections).flatMap(({path}) => path))]
const documents = fc.letrec<{object: unknown}>((tie) => ({
  object: fc.dictionary(
    fc.oneof(fc.constantFrom(...names), fc.string()),
    fc.oneof({maxDepth: 3}, fc.jsonValue(), fc.integer(), fc.double(), tie('object')),
    {maxKeys: 8},
  ),
})).object

test('no value makes it throw or lets a wrong value in', () => {
  fc.assert(fc.property(fc.oneof(documents, fc.anything()), (value) => assertValid(configFromObject(value).config)))
})

test('no text makes it throw or lets a wrong value in', () => {
  const cut = fc.tuple(documents, fc.nat()).map(([value, at]) => JSON.stringify(value).slice(0, at % 200))
  fc.assert(fc.property(fc.oneof(cut, fc.string()), (text) => assertValid(parseConfig(text).config)))
})
