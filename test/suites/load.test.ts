import {readdirSync, readFileSync} from 'node:fs'
import path from 'node:path'
import * as assert from 'uvu/assert'
import {expandCases, loadSuites, parseSuite} from '../../src/suites/index.js'
import {DocumentError} from '../../src/documents/index.js'
import {suite} from '../support/suite.js'

const test = suite('suite files')
const root = path.join(import.meta.dirname, '../..')

/** A suite of one scenario with these lines as its steps. */
const withSteps = (steps: string): string =>
  `suite: s\nmodels: {m: m.gguf}\nscenarios:\n- id: 1\n  name: n\n  steps:\n${steps}`

const mistakes: [what: string, yaml: string, message: RegExp][] = [
  ['text that is no YAML', 'suite: [', /^f\.yaml:1:\d+ /],
  ['an empty file', '', /must be a test suite/],
  [
    'a text that begins with a star',
    withSteps('  - run_inference: *Hello\n    expect: {text: {min_length: 1}}'),
    /^f\.yaml:7:20 there is no anchor &Hello before \*Hello\n +Quote a text that begins with \*: "\*…"\n/,
  ],
  [
    'an id that is no integer',
    'suite: s\nscenarios:\n- id: 1.10\n  name: n\n  steps: [{compute: , expect: {error: timeout}}]',
    /3:7 .*must be a positive integer or a string; got 1\.1\n +Quote it if it is a text: "1\.10"/,
  ],
  ['a name that is a number', 'suite: 0x1F\nscenarios: []', /1:8 suite: .*\n +Quote it if it is a text: "0x1F"/],
  ['an unknown key', 'suite: s\nscenarios: []\nscenaros: 1', /f\.yaml:3:1 scenaros: unknown key/],
  ['no scenarios', 'suite: s\nscenarios: []', /f\.yaml:2:12 scenarios/],
  [
    'a misspelt call',
    withSteps('  - load_by_nam: m\n    expect: {error: timeout}'),
    /7:5 .*unknown key.*\n.*"load_by_name"/,
  ],
  [
    'a misspelt operator',
    withSteps('  - run_inference: a\n    expect: {text: {contain: b}}'),
    /8:21 .*unknown key "contain"/,
  ],
  ['an unknown error code', withSteps('  - compute:\n    expect: {error: time_out}'), /8:21 .*"timeout"/],
  [
    'a value that is none of a few',
    withSteps('  - switch_graph: {name: m, mode: drained}\n    expect: {error: timeout}'),
    /7:35 .*must be "overlap", "drain", "cancel" or a \$\{variable\}; got "drained"\n.*"drain"/,
  ],
  ['a step without a call', withSteps('  - name: x'), /7:5 .*a step must have exactly one call; this one has none/],
  [
    'a step with two calls',
    withSteps('  - compute:\n    unload:\n    expect: {error: timeout}'),
    /has compute and unload/,
  ],
  ['a scenario that asserts nothing', withSteps('  - init_backend:'), /6:3 .*asserts nothing/],
  [
    'a variable in the name of a scenario that nothing sets',
    'suite: s\nscenarios:\n- id: 1\n  name: a ${x.y}, $${z} and ${n}\n  matrix: {n: [1]}\n  steps: [{compute: , expect: {error: timeout}}]',
    /4:9 scenarios\[0\]\.name: there is no variable x; known: n, tmp, models\n +Write \$\$\{x\.y\} for the text itself\.\n/,
  ],
  ['an empty expect', withSteps('  - compute:\n    expect: {}'), /8:13 /],
  [
    'an expectation that the call cannot meet',
    withSteps('  - unload:\n    expect: {text: a}'),
    /8:14 .*unload has no text/,
  ],
  ['an unknown model', withSteps('  - load_by_name: q\n    expect: {error: timeout}'), /7:19 .*no model "q".*it has m/],
  [
    'a model whose file is missing',
    withSteps('  - load_by_name: m\n    expect: {error: timeout}'),
    /2:13 models\.m: there is no file/,
  ],
  [
    'two sources of a model',
    withSteps('  - load: {model: m, text: a}\n    expect: {error: timeout}'),
    /model and text/,
  ],
  ['no source of an input', withSteps('  - set_input: {index: 1}\n    expect: {error: timeout}'), /this one has none/],
  [
    'a bad regular expression',
    withSteps('  - compute:\n    expect: {text: {matches: "("}}'),
    /8:30 .*regular expression/,
  ],
  [
    'mistakes inside of parallel',
    withSteps('  - parallel:\n      a:\n      - compue:\n    expect: {duration: {max_ms: 1}}'),
    /9:9 .*compue/,
  ],
  [
    'an id that is taken',
    'suite: s\nscenarios:\n- &a {id: 1, name: n, steps: [{compute: , expect: {error: timeout}}]}\n- *a',
    /id 1 is already used by f\.yaml:3/,
  ],
]

for (const [what, yaml, message] of mistakes) {
  test(`${what} is refused, with its place`, () => {
    assert.throws(
      () => parseSuite(yaml, 'f.yaml'),
      (error: unknown) => {
        assert.instance(error, DocumentError)
        assert.match((error as DocumentError).message, message)
        return true
      },
    )
  })
}

test('the name of a scenario may mention what its steps set, also inside of blocks', () => {
  const steps = `[{repeat: {times: 1, counter: round, steps: [{compute: , as: c, capture: {seen: value}, expect: {error: timeout}}]}}]`
  const name = '${round} ${c} ${seen.x} ${tmp} ${models.m} $${any}'
  assert.is(
    parseSuite(`suite: s\nscenarios:\n- {id: 1, name: '${name}', steps: ${steps}}`, 'f.yaml').scenarios.length,
    1,
  )
})

test('a model that a scenario can do without may be missing', () => {
  const yaml = withSteps('  - load_by_name: m\n    expect: {error: timeout}').replace(
    '  name: n',
    '  name: n\n  skip_unless: {models: [m]}',
  )
  assert.is(parseSuite(yaml, 'f.yaml').scenarios.length, 1)
})

test('a model can be replaced by name, but only one that a suite has', () => {
  const qwen = path.join(root, 'fixtures/models/tiny-qwen2-chat.gguf')
  const [loaded] = loadSuites([path.join(root, 'suites/examples')], {models: {qwen}})
  assert.is(loaded?.models.qwen, qwen)
  assert.throws(
    () => loadSuites([path.join(root, 'suites/examples')], {models: {qwn: qwen}}),
    /No suite has a model named qwn/,
  )
})

test('a path without suites is refused', () => {
  assert.throws(() => loadSuites(['/no/such/suite.yaml']), /There is no suite/)
  assert.throws(() => loadSuites([path.join(root, 'src/suites')]), /There are no suites/)
})

test('the conformance suites have the scenarios 1 to 26 in order, each with the change that must break it', () => {
  const scenarios = loadSuites([path.join(root, 'suites/conformance')]).flatMap((one) => one.scenarios)
  assert.equal(
    scenarios.map(({id}) => id),
    Array.from({length: 26}, (_, index) => String(index + 1)),
  )
  for (const {id, mutation} of scenarios) assert.ok(mutation, `scenario ${id} has no mutation`)
})

test('every suite of this repository names its schema for editors', () => {
  for (const name of readdirSync(path.join(root, 'suites'), {recursive: true, encoding: 'utf8'})) {
    if (!name.endsWith('.yaml')) continue
    const text = readFileSync(path.join(root, 'suites', name), 'utf8')
    assert.match(text, /^# yaml-language-server: \$schema=\.\.\/\.\.\/schemas\/suite-v1\.json\n/, name)
  }
})

test('an alias of a scenario is expanded with the places of its anchor', () => {
  const yaml =
    'suite: s\nscenarios:\n- {id: 1, name: n, steps: &s [{compute: , expect: {error: timeout}}]}\n- {id: 2, name: m, steps: *s}'
  assert.is(expandCases([parseSuite(yaml, 'f.yaml')]).length, 2)
})
