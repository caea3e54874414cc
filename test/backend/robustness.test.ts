import {readFile} from 'node:fs/promises'
import path from 'node:path'
import * as assert from 'uvu/assert'
import {initBackend, readMetadata, readOutput, textTensor} from '../../src/index.js'
import {temporaryFolder, withMetadata} from '../support/crafted-gguf.js'
import {ask, askAfresh, openBackend, qwen, type Opened} from '../support/fixtures.js'
import {enginesOf} from '../support/processes.js'
import {rejects, thrownBy} from '../support/rejects.js'
import {sharedBackend} from '../support/shared-backend.js'
import {suite} from '../support/suite.js'

// Calls at awkward moments, and callers that do not do as they should.
const test = suite('robustness', {timeoutMs: 20_000})
const opened = sharedBackend(test, {max_concurrent: 20})
const endless = {ignore_eos: true, max_tokens: -1, max_time_ms: 0}

const running = async ({backend}: Pick<Opened, 'backend'>): Promise<void> => {
  while ((await backend.status('queue')).running === 0);
}

const withOwn = async (config: object, run: (own: Opened) => Promise<void>): Promise<void> => {
  const own = await openBackend(config)
  try {
    await run(own)
  } finally {
    await own.backend.deinit()
  }
}

test('an empty raw prompt is refused, and others go on', async () => {
  await rejects(askAfresh(opened(), '', {prompt_mode: 'raw'}), 'invalid_argument', /no tokens/)
  assert.is((await askAfresh(opened(), 'Hello!')).text, 'Hello! How can I help you?')
})

test('an engine that is stuck does not hold up a deadline for ever, and is replaced', () =>
  withOwn({}, async (own) => {
    const [graph] = (await own.backend.status('memory')).graphs
    process.kill(graph?.engine_pid ?? NaN, 'SIGSTOP')
    const late = rejects(ask(own, 'Hello!', {timeout_ms: 100}), 'timeout')
    assert.is((await own.backend.status('memory')).graphs[0]?.responsive, false)
    await late
    assert.is((await ask(own, 'Hello!')).text, 'Hello! How can I help you?')
  }))

test('deinit during a load ends the load', async () => {
  const backend = await initBackend()
  const before = enginesOf()
  const loading = thrownBy(backend.loadByName(qwen))
  while (enginesOf().length === before.length) await new Promise((resolve) => setImmediate(resolve))
  await backend.deinit()
  assert.match(String(await loading), /released while the model was loading/)
  assert.equal(enginesOf(), before)
})

test('an onText that throws fails its own compute', async () => {
  const {backend, graph} = opened()
  const context = await backend.initExecutionContext(graph)
  await backend.setInput(context, 0, textTensor('Hello!'))
  const failing = backend.compute(context, {
    onText: () => {
      throw new Error('my fault')
    },
  })
  await rejects(failing, 'runtime_error', /onText failed: Error: my fault/)
  assert.is((await ask({backend, context}, 'Hello!')).text, 'Hello! How can I help you?')
  await backend.closeExecutionContext(context)
})

test('an input that is set during a compute is for the next one', async () => {
  const {backend, graph} = opened()
  const context = await backend.initExecutionContext(graph)
  await backend.setInput(context, 0, textTensor('My name is Alice.'))
  const first = backend.compute(context)
  await backend.setInput(context, 0, textTensor('What is my name?'))
  await first
  await backend.compute(context)
  assert.is(await readOutput(backend, context), 'Your name is Alice.')
  await backend.closeExecutionContext(context)
})

test('two calls of run_inference on one context answer each its own question', async () => {
  const {backend, graph} = opened()
  const context = await backend.initExecutionContext(graph)
  const run = async (prompt: string): Promise<string> => {
    const buffer = new Uint8Array(1000)
    const written = await backend.runInference(context, 0, textTensor(prompt), buffer)
    return new TextDecoder().decode(buffer.subarray(0, written))
  }
  const answers = await Promise.all([run('What is 4 + 5?'), run('What is the capital of Japan?')])
  assert.equal(answers, ['4 + 5 = 9.', 'The capital of Japan is Tokyo.'])
  await backend.closeExecutionContext(context)
})

const single = async ({backend, context}: Pick<Opened, 'backend' | 'context'>): Promise<string> => {
  const buffer = new Uint8Array(1000)
  await backend.computeSingle(context)
  return new TextDecoder().decode(buffer.subarray(0, await backend.getOutputSingle(context, 0, buffer)))
}

test('steps that are asked for at once come one after the other', async () => {
  const {backend, graph} = opened()
  const own = {backend, context: await backend.initExecutionContext(graph)}
  await backend.setInput(own.context, 0, textTensor('Count from 3 to 9.'))
  await Promise.all([backend.computeSingle(own.context), backend.computeSingle(own.context)])
  assert.is(await single(own), ' ')
  await backend.closeExecutionContext(own.context)
})

test('token by token the pieces make up the whole, a held-back end included', async () => {
  const {backend, graph} = opened()
  const own = {backend, context: await backend.initExecutionContext(graph)}
  for (const options of [{stop: ['Paris.xyz']}, {patterns: ['Paris']}]) {
    await backend.setInput(own.context, 1, textTensor(JSON.stringify({...options, history: []})))
    await backend.setInput(own.context, 0, textTensor('What is the capital of France?'))
    let text = ''
    const error = await thrownBy(
      (async () => {
        for (;;) text += await single(own)
      })(),
    )
    assert.match(String(error), /The answer is complete/)
    assert.is(text, await readOutput(backend, own.context))
    assert.match(text, /Paris/)
  }
  await backend.closeExecutionContext(own.context)
})

test('token by token: a dead engine is an error, not another answer; the context can be closed', () =>
  withOwn({parallel: 1}, async ({backend, graph, context}) => {
    await backend.setInput(context, 0, textTensor('Tell me a story.'))
    await single({backend, context})
    const other = await backend.initExecutionContext(graph)
    await backend.setInput(other, 0, textTensor('Hello!'))
    const queued = backend.computeSingle(other)
    const [status] = (await backend.status('memory')).graphs
    process.kill(status?.engine_pid ?? NaN, 'SIGKILL')
    await rejects(single({backend, context}), 'runtime_error', /engine process/)
    await queued
    await backend.closeExecutionContext(context)
    await backend.closeExecutionContext(other)
  }))

test('token by token: a session that waits for its turn is in use, and not evicted', () =>
  withOwn({parallel: 1, max_sessions: 2}, async ({backend, graph, context}) => {
    const other = await backend.initExecutionContext(graph)
    await backend.setInput(context, 0, textTensor('Hello!'))
    await backend.setInput(other, 0, textTensor('Tell me a story.'))
    await single({backend, context: other})
    const waiting = backend.computeSingle(context)
    await Promise.resolve()
    const {contexts} = await backend.status('sessions')
    assert.equal(
      contexts.map(({state}) => state),
      ['computing', 'stepping'],
    )
    await rejects(backend.initExecutionContext(graph), 'runtime_error', /at most 2 are kept/)
    await backend.finiSingle(other)
    await waiting
  }))

test('a compute waits for a step of its context that waits for its turn, and then takes its place', () =>
  withOwn({parallel: 1}, async (own) => {
    const {backend, graph, context} = own
    const other = await backend.initExecutionContext(graph)
    const endOther = new AbortController()
    await backend.setInput(other, 1, textTensor(JSON.stringify(endless)))
    await backend.setInput(other, 0, textTensor('Tell me a story.'))
    const before = backend.compute(other, {signal: endOther.signal})
    await running(own)
    await backend.setInput(context, 0, textTensor('What is 4 + 5?'))
    const step = backend.computeSingle(context)
    const whole = backend.compute(context)
    while ((await backend.status('queue')).queued < 2);
    // Its own deadline counts while it waits.
    await backend.setInput(context, 1, textTensor('{"timeout_ms": 10}'))
    await rejects(backend.compute(context), 'timeout')
    endOther.abort()
    await Promise.all([before, step, whole])
    assert.is(await readOutput(backend, context), '4 + 5 = 9.')
    assert.is((await backend.core.history(context)).length, 4)
  }))

test('fini_single ends a step that waits for its turn as soon as it has had it', () =>
  withOwn({parallel: 1}, async (own) => {
    const {backend, graph, context} = own
    const other = await backend.initExecutionContext(graph)
    await backend.setInput(other, 0, textTensor('Tell me a story.'))
    await single({backend, context: other})
    await backend.setInput(context, 0, textTensor('What is 4 + 5?'))
    const step = backend.computeSingle(context)
    const end = backend.finiSingle(context)
    await backend.finiSingle(other)
    await Promise.all([step, end])
    assert.is((await backend.status('queue')).running, 0)
    assert.is((await ask(own, 'What is 4 + 5?')).text, '4 + 5 = 9.')
  }))

test('token by token: a full context is context_full', () =>
  withOwn({ctx_size: 40, context_shifting: false}, async (own) => {
    await own.backend.setInput(own.context, 0, textTensor('Tell me a story.'))
    await rejects(
      (async () => {
        for (;;) await single(own)
      })(),
      'context_full',
    )
  }))

test('without automatic clean-up a task that waits still goes with its graph', () =>
  withOwn({auto_queue_cleanup: false, parallel: 1}, async (own) => {
    const other = await own.backend.initExecutionContext(own.graph)
    const first = thrownBy(ask(own, 'Tell me a story.', endless))
    await running(own)
    const waiting = thrownBy(ask({backend: own.backend, context: other}, 'Hello!', {timeout_ms: 10}))
    while ((await own.backend.status('queue')).queued === 0);
    await own.backend.unload(own.graph)
    await Promise.all([first, waiting])
    assert.is((await own.backend.status('queue')).queued, 0)
  }))

test('with batch_processing off requests run one at a time', () =>
  withOwn({performance: {batch_processing: false}, parallel: 2}, async (own) => {
    const other = await own.backend.initExecutionContext(own.graph)
    const first = ask(own, 'Count from 1 to 100.')
    await running(own)
    const second = ask({backend: own.backend, context: other}, 'Hello!')
    while ((await own.backend.status('queue')).queued === 0);
    assert.is((await own.backend.status('queue')).running, 1)
    await Promise.all([first, second])
  }))

test('a context smaller than n_keep_tokens still shifts by whole parts', () =>
  withOwn({ctx_size: 64}, async (own) => {
    const {text} = await ask(own, 'Count from 1 to 100.', {max_tokens: 120})
    assert.match(text, /^1, 2, 3/)
    assert.not.match(text, /(\d)\1{6}/)
  }))

test('penalty_last_n of 0 looks at nothing, on either path', async () => {
  const options = {penalty_last_n: 0, repeat_penalty: 5}
  for (const n_probs of [0, 1]) {
    const {text} = await askAfresh(opened(), 'Count from 3 to 9.', {...options, n_probs})
    assert.is(text, '3, 4, 5, 6, 7, 8, 9.')
  }
})

test('a forbidden character of several tokens never appears', async () => {
  const {text} = await askAfresh(opened(), 'Repeat after me: café 🙂', {forbidden_tokens: ['🙂', 'é'], max_tokens: 30})
  assert.not.match(text, /[🙂é]/u)
})

test("a call's grammar replaces a context's schema", async () => {
  const {backend, graph} = opened()
  const context = await backend.initExecutionContext(graph)
  await backend.setInput(context, 1, textTensor(JSON.stringify({json_schema: {type: 'object', properties: {}}})))
  const buffer = new Uint8Array(100)
  const options = JSON.stringify({grammar: 'root ::= "yes"'})
  const written = await backend.runInference(context, 0, textTensor('Hello!'), buffer, options)
  assert.is(new TextDecoder().decode(buffer.subarray(0, written)), 'yes')
  await backend.closeExecutionContext(context)
})

test('a grammar nested without end is refused', () =>
  rejects(
    askAfresh(opened(), 'Hello!', {grammar: `root ::= ${'('.repeat(5000)}"a"${')'.repeat(5000)}`}),
    'invalid_argument',
    /nested/,
  ))

test('models that load at the same time from bytes do not meet', () =>
  withOwn({}, async ({backend}) => {
    const bytes = await readFile(qwen)
    const graphs = await Promise.all([1, 2].map(() => backend.load([bytes], 'ggml', 'cpu')))
    assert.is(new Set(graphs).size, 2)
  }))

test('a second graph builder is the configuration of the graph', () =>
  withOwn({}, async ({backend}) => {
    const bytes = await readFile(qwen)
    const graph = await backend.load([bytes, textTensor('{"n_predict": 2}').data], 'ggml', 'cpu')
    const {metadata} = await askAfresh({backend, graph, context: -1}, 'Tell me a story.')
    assert.is(metadata.output_tokens, 2)
    await rejects(backend.load([bytes, bytes, bytes], 'ggml', 'cpu'), 'invalid_argument', /3 graph builders/)
  }))

test('a model without an end-of-sequence token still chats', async (t) => {
  const files = await temporaryFolder()
  t.after(files.remove)
  const bytes = await withMetadata(qwen, 'tokenizer.ggml.eos_token_id', (all, at) => {
    all.write('x', at - 5)
  })
  const own = await openBackend({}, {model: await files.file('no-eos.gguf', bytes)})
  t.after(() => own.backend.deinit())
  assert.is((await ask(own, 'Hello!', {max_tokens: 9})).metadata.stop_reason === null, false)
})

test('the answer before is gone once the next compute has begun', async () => {
  const {backend, graph} = opened()
  const context = await backend.initExecutionContext(graph)
  await ask({backend, context}, 'Hello!')
  await backend.setInput(context, 0, textTensor('Tell me a long story.'))
  await backend.setInput(context, 1, textTensor(JSON.stringify({...endless, timeout_ms: 40})))
  await rejects(backend.compute(context), 'timeout')
  assert.not.match(await readOutput(backend, context), /How can I help/)
  assert.is((await readMetadata(backend, context)).stop_reason, 'aborted')
  await backend.closeExecutionContext(context)
})

test("a history whose turn failed has not replaced the session's", async () => {
  const {backend, graph} = opened()
  const context = await backend.initExecutionContext(graph)
  await ask({backend, context}, 'My name is Alice.')
  const history = [
    {role: 'user', content: 'Hello!'},
    {role: 'assistant', content: 'Hello!'},
  ]
  await rejects(ask({backend, context}, 'Tell me a story.', {...endless, history, timeout_ms: 40}), 'timeout')
  assert.is((await ask({backend, context}, 'What is my name?')).text, 'Your name is Alice.')
  await backend.closeExecutionContext(context)
})

const wrong: [what: string, call: (own: Opened) => Promise<unknown>][] = [
  ['a name that every object has', ({backend}) => backend.loadByName('constructor')],
  [
    'options that are no text',
    ({backend, context}) => backend.runInference(context, 0, textTensor('x'), new Uint8Array(9), 5 as never),
  ],
  ['a symbol for a handle', ({backend}) => backend.compute(Symbol('x') as never)],
  ['a configuration that is no text', () => initBackend({config: 5 as never})],
  [
    'dimensions that are no numbers',
    ({backend, context}) =>
      backend.setInput(context, 0, {dimensions: [1n as never], type: 'u8', data: new Uint8Array(1)}),
  ],
]

for (const [what, call] of wrong) {
  test(`${what} is told as an NnError`, async () => {
    const error = await thrownBy(call(opened()))
    assert.is((error as Error).name, 'NnError', String(error))
  })
}

test('a log on a full disk costs the lines only', async () => {
  const backend = await initBackend({config: JSON.stringify({logging: {file: path.join('/dev', 'full')}})})
  await backend.deinit()
})
