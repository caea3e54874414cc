import * as assert from 'uvu/assert'
import {NnError} from '../../src/errors.js'
import {exitCodeOf, type RunReport, type Target} from '../../src/suites/index.js'
import {scriptedTarget} from '../support/scripted-backend.js'
import {suite} from '../support/suite.js'
import {only, run, script} from './support/run-scenario.js'

const test = suite('running suites')

const shown = (report: RunReport): string[] =>
  only(report).failures.map(
    ({line, column, message, expected, actual}) => `${line}:${column} ${message} | ${expected} | ${actual}`,
  )

test('a scenario whose expectations hold passes', async () => {
  const report = await run(`
  - load_by_name: {name: m}
  - init_execution_context: {graph: 0}
    as: context
  - run_inference: hi
    expect:
      text: {contains: [Hello, Alice], token_count: {equals: 13}}
      metadata: {input_tokens: 2}
      value: {bytes: 13, streamed: 'Hello, Alice!'}
      duration: {max_ms: 5000}
  - run_inference: {context: context, text: json}
    expect: {text: {json_schema: {type: object, required: [city]}}}
  - get_backend_status: sessions
    expect: {status: {active: 1}}
`)
  assert.equal(shown(report), [])
  assert.is(only(report).outcome, 'passed')
  assert.is(exitCodeOf(report), 0)
})

test('every expectation that does not hold is shown with its place, and the later steps still run', async () => {
  const report = await run(`
  - init_execution_context: {graph: 0}
  - run_inference: hi
    expect:
      text: {contains: Bob, min_length: 3, token_count: {max: 3}}
      metadata: {input_tokens: 3}
  - run_inference: count
    expect: {text: '1, 2'}
`)
  assert.equal(shown(report), [
    '10:14 expect.text.contains does not hold | containing "Bob" | Hello, Alice!',
    '10:58 expect.text.token_count.max does not hold | at most 3 | 13',
    '11:18 expect.metadata.input_tokens does not hold | 3 | 2',
    '13:14 expect.text does not hold | "1, 2" | 1, 2, 3',
  ])
  assert.is(only(report).outcome, 'failed')
  assert.is(exitCodeOf(report), 4)
})

test('an error that is not expected fails the scenario and ends it', async () => {
  const target = scriptedTarget(script)
  const report = await run(
    '  - unload: {graph: 0}\n  - load_by_name: {name: missing}\n  - run_inference: hi\n    expect: {text: a}',
    target,
  )
  assert.equal(shown(report), ['7:5 the step failed | success | model_not_found: There is no missing.'])
  assert.is(target.made[0]?.released, 1)
})

test('an error that is expected must come, with that code and message', async () => {
  const expecting = async (error: string): Promise<string[]> =>
    shown(await run(`  - load_by_name: {name: missing}\n    expect: {error: ${error}}`))
  assert.equal(await expecting('model_not_found'), [])
  assert.equal(await expecting('{code: model_not_found, message: {contains: missing, matches: "^There"}}'), [])
  assert.match((await expecting('timeout'))[0] ?? '', /expect\.error does not hold \| timeout \| model_not_found/)
  assert.match(
    (await expecting('{code: model_not_found, message: {contains: elsewhere}}'))[0] ?? '',
    /error\.message\.contains/,
  )

  const none = await run('  - load_by_name: {name: m}\n    expect: {error: model_not_found}')
  assert.equal(shown(none), ['7:14 expect.error does not hold | model_not_found | success'])
})

test('an optional error may stay away; then the other expectations count', async () => {
  const steps = (name: string, handle: number): string =>
    `  - load_by_name: {name: ${name}}\n    expect: {error: {code: model_not_found, optional: true}, value: {handle: ${handle}}}`
  assert.equal(shown(await run(steps('missing', 9))), [])
  assert.equal(shown(await run(steps('m', 0))), [])
  assert.is(shown(await run(steps('m', 9))).length, 1)
})

test('captured values are there for later steps, with their types', async () => {
  const report = await run(`
  - init_execution_context: {graph: 0}
  - run_inference: hi
    capture: {said: text, tokens: metadata.output_tokens}
  - run_inference: hi
    expect: {text: '\${said}', metadata: {output_tokens: '\${tokens}'}}
  - run_inference: count
    expect: {text: {not_equals: '\${said}', contains: '\${said}'}}
`)
  assert.is(shown(report).length, 1)
  assert.match(shown(report)[0] ?? '', /containing "Hello, Alice!"/)
})

test('a variable keeps how it is written where a text is needed', async () => {
  const target = scriptedTarget({'1.10': 'version 1.10', 'v1.10 of 0x1F': 'yes', '9007199254740993': 'large'})
  const report = await run(
    `@suite: s
scenarios:
- id: 1
  name: n
  variables: {n: 1.10, big: 9007199254740993, of: {hex: 0x1F}}
  steps:
  - init_execution_context: {graph: 0}
  - run_inference: '\${n}'
    expect: {text: {contains: '\${n}', equals: 'version \${n}', token_count: {min: '\${n}'}}}
  - run_inference: {text: 'v\${n} of \${of.hex}'}
    expect: {text: 'yes'}
  - run_inference: '\${big}'
    expect: {text: large, metadata: {input_tokens: {min: '\${n}'}}}
  - load_by_name: {name: 'missing \${n}'}
    expect: {error: {code: model_not_found, message: {contains: '\${n}'}}}
`,
    target,
  )
  assert.equal(shown(report), [])
})

test('an argument that is one of a few values may come from a variable', async () => {
  const report = await run(`
  - get_backend_status: queue
    capture: {kind: status.type}
  - wait_for: {type: '\${kind}', status: {type: queue}}
`)
  assert.equal(shown(report), [])
  const matrix = await run(`@suite: s
scenarios:
- id: 1
  name: n
  matrix: {mode: [drain, cancel]}
  steps:
  - switch_graph: {graph: 0, name: m, mode: '\${mode}'}
    expect: {error: {code: unsupported_operation, message: {contains: 'to \${mode}'}}}
`)
  assert.equal(
    matrix.results.map(({outcome}) => outcome),
    ['passed', 'passed'],
  )
})

test('a step whose condition does not hold is passed over', async () => {
  const steps = (wanted: string): string =>
    `  - get_backend_status: queue\n    capture: {kind: status.type}\n  - when: {kind: ${wanted}}\n    get_backend_status: queue\n    expect: {status: {type: other}}`
  assert.is(only(await run(steps('memory'))).outcome, 'passed')
  assert.is(only(await run(steps('queue'))).outcome, 'failed')
})

test('repeat runs its steps so many times, counting', async () => {
  const report = await run(`
  - repeat:
      times: 3
      counter: round
      steps:
      - init_execution_context: {graph: 0}
      - get_backend_status: sessions
        expect: {status: {active: '\${round}'}}
`)
  assert.equal(shown(report), [])
})

test('parallel branches run together, and say in which order they ended', async () => {
  let release = (): void => undefined
  const first = new Promise<string>((resolve) => (release = () => resolve('first')))
  const target = scriptedTarget({slow: () => first, quick: () => (setImmediate(release), 'second')})
  const report = await run(
    `
  - parallel:
      a:
      - init_execution_context: {graph: 0}
        as: mine
      - run_inference: {context: mine, text: slow}
        expect: {text: first}
      b:
      - init_execution_context: {graph: 0}
      - run_inference: quick
        expect: {text: second}
    expect: {value: {finish_order: [b, a]}}
  - run_inference: {context: mine, text: quick}
    expect: {text: second}
`,
    target,
  )
  assert.equal(shown(report), [])
})

test('a branch that fails ends the others', async () => {
  const target = scriptedTarget({forever: () => new Promise<string>(() => undefined)})
  const report = await run(
    `
  - parallel:
      a:
      - init_execution_context: {graph: 0}
      - run_inference: forever
        expect: {text: x}
      b:
      - load_by_name: {name: missing}
`,
    target,
  )
  assert.equal(shown(report), ['13:9 the step failed | success | model_not_found: There is no missing.'])
})

test('wait_for polls until the condition holds, or its time is over', async () => {
  const waiting = (active: number): string =>
    `  - parallel:\n      a:\n      - wait_for: {type: sessions, status: {active: ${active}}, timeout_ms: 100, interval_ms: 1}\n      b:\n      - init_execution_context: {graph: 0}`
  assert.equal(shown(await run(waiting(1))), [])
  const [failure] = only(await run(waiting(2))).failures
  assert.match(failure?.message ?? '', /After 100 ms active is 1 instead of 2/)
})

test('a step, and a scenario, that do not end in time fail', async () => {
  const target = scriptedTarget({forever: () => new Promise<string>(() => undefined)})
  const step = await run(
    '  - init_execution_context: {graph: 0}\n  - run_inference: forever\n    timeout_ms: 20\n    expect: {text: x}',
    target,
  )
  assert.match(only(step).failures[0]?.message ?? '', /The step did not end within 20 ms/)
  const whole = await run(
    '  - init_execution_context: {graph: 0}\n  - run_inference: forever\n    expect: {text: x}',
    target,
    {
      timeoutMs: 20,
    },
  )
  assert.match(only(whole).failures[0]?.message ?? '', /The scenario did not end within 20 ms/)
  assert.equal(
    target.made.map(({released}) => released),
    [1, 1],
  )
})

test('a fault of the suite, such as an unknown variable, fails the scenario and is no fault of the backend', async () => {
  const report = await run("  - load_by_name: {name: '${nowhere}'}\n    expect: {value: {handle: 0}}")
  assert.match(only(report).failures[0]?.message ?? '', /no variable nowhere/)
  assert.is(only(report).outcome, 'failed')
})

test('each scenario has a backend of its own, made from its configuration', async () => {
  const target = scriptedTarget(script)
  await run(
    `@suite: s
scenarios:
- {id: 1, name: a, config: {temp: 0, file: '\${tmp}/x'}, steps: &steps [{get_backend_status: model, expect: {status: {type: model}}}]}
- {id: 2, name: b, steps: *steps}
`,
    target,
  )
  assert.is(target.made.length, 2)
  assert.match(target.made[0]?.config ?? '', /^{"temp":0,"file":"\/.*\/wnn-suite-\w+\/x"}$/)
  assert.is(target.made[1]?.config, undefined)
  assert.equal(
    target.made.map(({released}) => released),
    [1, 1],
  )
})

test('a backend that the steps initialise themselves is the only one, and is released once', async () => {
  const target = scriptedTarget(script)
  const report = await run(
    '  - init_backend:\n  - deinit_backend:\n  - deinit_backend:\n    expect: {error: invalid_argument}',
    target,
  )
  assert.equal(shown(report), [])
  assert.is(target.made.length, 1)
})

test('a backend that cannot start, or throws what is no NnError, could not be judged', async () => {
  const broken: Target = {name: 'broken', init: () => Promise.reject(new NnError('runtime_error', 'no llama'))}
  const init = await run('  - compute: {context: 0}\n    expect: {error: timeout}', broken)
  assert.is(only(init).outcome, 'error')
  assert.is(exitCodeOf(init), 3)
  const engine = await run('  - load_by_name: {name: broken}\n    expect: {value: {handle: 0}}')
  assert.is(only(engine).outcome, 'error')
  const fault = scriptedTarget({hi: () => Promise.reject(new TypeError('x is undefined'))})
  assert.is(
    only(await run('  - init_execution_context: {graph: 0}\n  - run_inference: hi\n    expect: {text: a}', fault))
      .outcome,
    'error',
  )
})

test(
  'what a released backend leaves behind fails the scenario',
  async () => {
    const target: Target = {
      ...scriptedTarget(script),
      probe: {
        remains: () => Promise.resolve(['process 7']),
        killEngine: () => Promise.resolve(),
        render: () => Promise.reject(new Error('unused')),
      },
    }
    const report = await run('  - init_execution_context: {graph: 0}\n    expect: {value: {handle: 0}}', target)
    assert.match(only(report).failures[0]?.message ?? '', /these remain: process 7/)
  },
  {timeoutMs: 10_000},
)

test('a scenario that looks into the backend is skipped where that cannot be done', async () => {
  const report = await run('  - deinit_backend:\n  - check_released:')
  assert.is(only(report).outcome, 'skipped')
  assert.match(only(report).reason ?? '', /scripted backend cannot be inspected/)
})

test('pending and skipped scenarios are reported with their reasons, and not run', async () => {
  const target = scriptedTarget(script)
  const report = await run(
    `@suite: s
models: {m: missing.gguf}
scenarios:
- {id: 1, name: a, pending: comes later, steps: &steps [{compute: , expect: {error: timeout}}]}
- {id: 2, name: b, skip_unless: {models: [m]}, steps: *steps}
- {id: 3, name: c, skip_unless: {env: [WNN_NO_SUCH_VARIABLE]}, steps: *steps}
`,
    target,
  )
  assert.equal(
    report.results.map(({outcome, reason}) => `${outcome}: ${reason}`),
    ['pending: comes later', 'skipped: there is no model m', 'skipped: WNN_NO_SUCH_VARIABLE is not set'],
  )
  assert.is(target.made.length, 0)
})

test('a case that passes only when tried again is flaky, and one that never does has failed', async () => {
  let tries = 0
  const target = scriptedTarget({hi: () => (++tries < 3 ? 'no' : 'yes'), never: 'no'})
  const steps = (prompt: string): string =>
    `  - init_execution_context: {graph: 0}\n  - run_inference: ${prompt}\n    expect: {text: yes}`
  const flaky = await run(steps('hi'), target, {retries: 2})
  assert.equal([only(flaky).outcome, only(flaky).attempts, flaky.summary.flaky], ['passed', 3, 1])
  assert.is(only(flaky).failures.length, 2)
  const failed = await run(steps('never'), target, {retries: 1})
  assert.equal([only(failed).outcome, only(failed).attempts, failed.summary.flaky], ['failed', 2, 0])
})

const three = `@suite: s
scenarios:
- {id: 1, name: a, steps: &steps [{init_execution_context: {graph: 0}}, {run_inference: hi, expect: {text: x}}]}
- {id: 2, name: b, steps: *steps}
- {id: 3, name: c, steps: *steps}
`

test('bail ends the run after the first failure; the others count as not run', async () => {
  const {summary} = await run(three, scriptedTarget(script), {bail: true})
  assert.equal([summary.total, summary.failed, summary.not_run], [3, 1, 2])
})

test('an aborted run releases its backend and has no verdict on the case', async () => {
  const aborter = new AbortController()
  const target = scriptedTarget({
    hi: () => {
      aborter.abort(new Error('stop'))
      return new Promise<string>(() => undefined)
    },
  })
  const report = await run(three, target, {signal: aborter.signal})
  assert.is(report.interrupted, true)
  assert.is(report.results.length, 0)
  assert.is(exitCodeOf(report), 130)
  assert.equal(
    target.made.map(({released}) => released),
    [1],
  )
})
