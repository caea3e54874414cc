import * as assert from 'uvu/assert'
import {
  configFromObject,
  defaultConfig,
  parseConfig,
  parseRuntimeOptions,
  readPair,
  runtimeOptionsFromObject,
} from '../../src/config/index.js'
import {configSections, keysOf, requestSections} from '../../src/config/schema.js'
import {NnError} from '../../src/errors.js'
import {deep, excessive, strange, unwritable} from '../support/odd-values.js'
import {suite} from '../support/suite.js'

// Whatever a setting is given: it is taken, or rejected with a short sentence.
const test = suite('odd values of settings', {timeoutMs: 20_000})

const config = defaultConfig()
const settings = keysOf(configSections).map(({name}) => name.split('.'))
const options = keysOf(requestSections).map(({name}) => name.split('.'))

function nest(path: readonly string[], value: unknown): object {
  return path.reduceRight((inner, name) => ({[name]: inner}), value) as object
}

/** `fine`, or the message of an error that a user can be shown. */
function outcome(run: () => unknown): string {
  try {
    run()
    return 'fine'
  } catch (error) {
    if (!(error instanceof NnError)) throw error
    assert.ok(error.message.length < 8000, `${error.message.length} characters`)
    return error.message
  }
}

for (const {what, value} of [...deep, ...unwritable]) {
  test(`${what} is rejected in every setting and option, strictly or not`, () => {
    for (const strict of [true, false]) {
      for (const path of settings) {
        const said = outcome(() => configFromObject(nest(path, value()), {strict}))
        assert.ok(said.startsWith(path.join('.')), `${path.join('.')}: ${said}`)
      }
      for (const path of options) {
        const said = outcome(() => runtimeOptionsFromObject(nest(path, value()), {strict, config}))
        assert.ok(said.startsWith(path.join('.')), `${path.join('.')}: ${said}`)
      }
      assert.is.not(
        outcome(() => configFromObject(value(), {strict})),
        'fine',
      )
    }
  })
}

for (const {what, json = '', value} of strange) {
  test(`${what} in a setting is taken, or a mistake that is told in short`, () => {
    const odd = value()
    for (const path of [...settings, ['unknown'], ['model', 'unknown']]) {
      outcome(() => configFromObject(nest(path, odd), {strict: true}))
    }
    for (const path of options) {
      const {warnings} = runtimeOptionsFromObject(nest(path, odd), {config})
      assert.ok(warnings.every(({message}) => message.length < 8000))
    }
    outcome(() => parseConfig(`{"sampling": {"stop": ${json}}}`, {strict: true}))
  })
}

for (const {what, value} of excessive) {
  test(`${what} is rejected in a setting that takes anything`, () => {
    assert.match(
      outcome(() => configFromObject({model: {template_variables: {a: value()}}})),
      /more than/,
    )
  })
}

test('a text with an excessive value has a mistake, and without strict a warning', () => {
  for (const {json = ''} of excessive) {
    assert.match(
      outcome(() => parseConfig(`{"sampling": {"stop": ${json}}}`, {strict: true})),
      /more than/,
    )
    assert.match(
      outcome(() => parseRuntimeOptions(`{"stop": ${json}}`, {strict: true, config})),
      /more than/,
    )
    const {warnings} = parseConfig(`{"sampling": {"stop": ${json}}}`)
    assert.match(warnings[0]?.message ?? '', /more than .* The document is ignored\.$/)
  }
})

test('a pair of --set may be nested no deeper than a file', () => {
  assert.match(
    outcome(() => configFromObject(readPair(`${'a.'.repeat(5000)}b=1`))),
    /nested more than 100 levels/,
  )
  assert.match(
    outcome(() => readPair(`stop=${'['.repeat(5000)}${']'.repeat(5000)}`)),
    /nested/,
  )
})

test('many unknown keys are counted, and keys that are known still count', () => {
  const many = Object.fromEntries(Array.from({length: 9000}, (_, n) => [`temperatur${n}`, 1]))
  const parsed = configFromObject({...many, ctx_size: 64, sampling: {...many, temp: 0.25}})
  assert.equal([parsed.config.model.ctx_size, parsed.config.sampling.temp], [64, 0.25])
  assert.is(parsed.warnings.length, 101)
  assert.match(parsed.warnings.at(-1)?.message ?? '', /has 17900 more unknown keys/)
})
