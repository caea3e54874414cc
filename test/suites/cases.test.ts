import * as assert from 'uvu/assert'
import {expandCases, parseSuite, selectCases, type Selection} from '../../src/suites/index.js'
import {substitute} from '../../src/suites/variables.js'
import {suite} from '../support/suite.js'
import {only, run} from './support/run-scenario.js'

const test = suite('selection of cases')

const yaml = `
suite: s
scenarios:
- {id: 1, name: Basic inference, tags: [fast], steps: &steps [{compute: , expect: {error: timeout}}]}
- {id: 8, name: Session management, tags: [slow, sessions], steps: *steps}
- {id: 18, name: File logging, steps: *steps, variables: {a: 0, b: 1}, matrix: {a: [1, 2], level: [info, none]}}
`
const cases = expandCases([parseSuite(yaml, 'f.yaml')])
const ids = (selection: Selection): string[] => selectCases(cases, selection).map(({id}) => id)

test('a matrix gives a case for each combination, which overrides the variables', () => {
  const matrix = cases.filter(({scenario}) => scenario.id === '18')
  assert.equal(
    matrix.map(({name}) => name),
    ['a=1, level=info', 'a=1, level=none', 'a=2, level=info', 'a=2, level=none'].map(
      (values) => `File logging [${values}]`,
    ),
  )
  assert.equal(matrix[3]?.variables, {a: 2, b: 1, level: 'none'})
})

test('ids, values of a matrix and variables keep how they are written', () => {
  const [first, second, third, ...others] = expandCases([
    parseSuite(
      `
suite: s
scenarios:
- id: 12345678901234567890
  name: n
  steps: &steps [{compute: , expect: {error: timeout}}]
  matrix: {version: [1.10, 1.1, 9007199254740993]}
- {id: 12345678901234567891, name: m, steps: *steps}
- {id: 0x10, name: o, steps: *steps}
- {id: 007, name: p, steps: *steps, variables: {a: 1.10}, matrix: {a: [1.1]}}
`,
      'f.yaml',
    ),
  ])
  assert.equal(
    [first, second, third].map((one) => one?.id),
    ['version=1.10', 'version=1.1', 'version=9007199254740993'].map((value) => `12345678901234567890[${value}]`),
  )
  assert.equal([first?.variables['version'], third?.variables['version']], [1.1, '9007199254740993'])
  assert.equal(
    others.map(({id}) => id),
    ['12345678901234567891', '0x10', '007[a=1.1]'],
  )
  assert.is(substitute('${a}!', others[2]?.variables ?? {}), '1.1!')
})

test('a name has the values of its variables, and the others of the matrix behind it', () => {
  const matrix = 'variables: {a: {b: 7}, c: x}, matrix: {n: [1, 2], level: [info]}'
  const named = (name: string): string[] => {
    const text = `suite: s\nscenarios:\n- {id: 1, name: '${name}', ${matrix}, steps: [{compute: , expect: {error: timeout}}]}`
    return expandCases([parseSuite(text, 'f.yaml')]).map((one) => one.name)
  }
  assert.equal(named('${n} of ${level}'), ['1 of info', '2 of info'])
  assert.equal(named('Round ${n}'), ['Round 1 [level=info]', 'Round 2 [level=info]'])
  assert.equal(named('${c}, ${a.b}')[0], 'x, 7 [n=1, level=info]')
  // Not known yet, or not meant.
  assert.equal(named('${tmp} ${a.none} $${n}')[0], '${tmp} ${a.none} ${n} [n=1, level=info]')
})

test('a number selects the scenario of that id alone, with all its combinations', () => {
  assert.equal(ids({filters: ['8']}), ['8'])
  assert.is(ids({filters: ['18']}).length, 4)
})

test('a text is looked for in id and name, a pattern is matched', () => {
  assert.equal(ids({filters: ['SESSION']}), ['8'])
  assert.equal(ids({filters: ['/^1 basic/i', '/^8/']}), ['1', '8'])
  assert.equal(ids({filters: ['/^1 basic/']}), [])
  assert.throws(() => ids({filters: ['/(/']}), /not a regular expression/)
})

test('a case needs one of the tags', () => {
  assert.equal(ids({tags: ['fast', 'sessions']}), ['1', '8'])
})

test('the shards together have every case once', () => {
  const shards = ['1/4', '2/4', '3/4', '4/4'].flatMap((shard) => ids({shard}))
  assert.equal(shards.sort(), cases.map(({id}) => id).sort())
  for (const shard of ['0/2', '3/2', '1', 'a/b']) assert.throws(() => ids({shard}), /--shard takes i\/n/)
})

test('the name of a step has the values of its variables', async () => {
  const report = await run(`
  - load_by_name: {name: m}
  - init_execution_context: {graph: 0}
  - repeat:
      times: 2
      counter: round
      steps:
        - run_inference: hi
          name: answer \${round} of \${later}
          expect: {text: Bye}
`)
  assert.equal(
    only(report).failures.map(({step}) => step),
    ['run_inference (answer 1 of ${later})', 'run_inference (answer 2 of ${later})'],
  )
})
