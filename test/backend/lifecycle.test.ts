import {readdirSync} from 'node:fs'
import {readFile} from 'node:fs/promises'
import os from 'node:os'
import * as assert from 'uvu/assert'
import {initBackend, readOutput, textTensor, type LocalBackend, type Tensor} from '../../src/index.js'
import {ask, openBackend, phi3, qwen} from '../support/fixtures.js'
import {enginesOf} from '../support/processes.js'
import {rejects, thrownBy} from '../support/rejects.js'
import {NnError} from '../../src/errors.js'
import {sharedBackend} from '../support/shared-backend.js'
import {suite} from '../support/suite.js'

const test = suite('lifecycle', {timeoutMs: 20_000})
const opened = sharedBackend(test, {max_concurrent: 4})

const temporaryFiles = (): string[] =>
  readdirSync(os.tmpdir()).filter((name) => name.startsWith(`wnn-models-${process.pid}-`))

test('deinit leaves no process and no file, and a second one is refused', async () => {
  const backend = await initBackend()
  const bytes = await readFile(qwen)
  const graph = await backend.load([bytes], 'autodetect', 'cpu')
  const [status] = (await backend.status('memory')).graphs
  assert.ok(enginesOf().includes(status?.engine_pid ?? -1))
  const context = await backend.initExecutionContext(graph)
  assert.is((await ask({backend, context}, 'Hello!')).text, 'Hello! How can I help you?')
  await backend.deinit()
  assert.not(enginesOf().includes(status?.engine_pid ?? -1))
  assert.equal(temporaryFiles(), [])
  await rejects(backend.deinit(), 'invalid_argument', /released/)
  await rejects(backend.initExecutionContext(graph), 'invalid_argument', /released/)
})

test('bytes are loaded only when they can be a model', async () => {
  const {backend} = opened()
  const bytes = new Uint8Array(await readFile(qwen))
  await rejects(backend.load([bytes], 'onnx', 'cpu'), 'invalid_encoding')
  await rejects(backend.load([bytes], 'ggml', 'tpu'), 'unsupported_operation')
  await rejects(backend.load([], 'ggml', 'cpu'), 'invalid_argument')
  await rejects(backend.load([new Uint8Array()], 'ggml', 'cpu'), 'invalid_argument')
  await rejects(backend.load([textTensor('not a model').data], 'ggml', 'cpu'), 'invalid_argument', /not a GGUF/)
  await rejects(backend.load([bytes.subarray(0, 9000)], 'ggml', 'cpu'), 'invalid_argument', /truncated/)
  assert.equal(
    temporaryFiles().flatMap((name) => readdirSync(`${os.tmpdir()}/${name}`)),
    [],
  )
})

test('a name that is no model leaves the backend usable', async () => {
  const {backend} = opened()
  await rejects(backend.loadByName('no-such-model'), 'model_not_found')
  await rejects(backend.loadByName(''), 'invalid_argument')
  assert.is((await ask(opened(), 'Hello!')).text, 'Hello! How can I help you?')
})

test('a graph goes by the name that it is given, whatever it was loaded by', async () => {
  const {backend} = opened()
  const graph = await backend.loadByName(phi3, {name: 'small'})
  const {graphs} = await backend.status('model')
  const status = graphs.find((one) => one.graph === graph)
  assert.equal([status?.name, status?.path], ['small', phi3])
  await backend.unload(graph)
})

test('models are found by registered name', async () => {
  const backend = await initBackend({models: {tiny: qwen}})
  try {
    await backend.loadByName('tiny')
    assert.is((await backend.status('model')).graphs[0]?.path, qwen)
  } finally {
    await backend.deinit()
  }
})

test("a graph has its own configuration over the backend's", async () => {
  const {backend} = opened()
  const graph = await backend.loadByNameWithConfig(qwen, '{"ctx_size": 512, "n_predict": 3}')
  const context = await backend.initExecutionContext(graph)
  const {metadata} = await ask({backend, context}, 'Tell me a story.')
  assert.equal([metadata.output_tokens, metadata.stop_reason], [3, 'max_tokens'])
  const status = (await backend.status('model')).graphs.find((one) => one.graph === graph)
  assert.is(status?.ctx_size, 512)
  await backend.unload(graph)
  await rejects(backend.unload(graph), 'invalid_argument')
  await rejects(backend.compute(context), 'invalid_argument', /unloaded/)
  await rejects(backend.initExecutionContext(graph), 'invalid_argument')
})

const badTensors: [what: string, tensor: unknown][] = [
  ['floats', {dimensions: [1], type: 'fp32', data: new Uint8Array(4)}],
  ['dimensions that disagree', {dimensions: [5], type: 'u8', data: new Uint8Array(18)}],
  ['no dimensions', {dimensions: [], type: 'u8', data: new Uint8Array(1)}],
  ['bytes that are not UTF-8', {dimensions: [2], type: 'u8', data: Uint8Array.of(0xc3, 0x28)}],
  ['null', null],
  ['nothing', undefined],
  ['no data', {dimensions: [1], type: 'u8'}],
]

for (const [what, tensor] of badTensors) {
  test(`a tensor of ${what} is an invalid_argument`, () =>
    rejects(opened().backend.setInput(opened().context, 0, tensor as Tensor), 'invalid_argument'))
}

test('dimensions [1] are accepted for bytes of any length', async () => {
  const {backend, context} = opened()
  const {data} = textTensor('Hello!')
  await backend.setInput(context, 0, {dimensions: [1], type: 'u8', data})
})

test('indexes other than 0 and 1, and unknown contexts, are invalid_arguments', async () => {
  const {backend, context} = opened()
  await rejects(backend.setInput(context, 2, textTensor('x')), 'invalid_argument', /no input 2/)
  await rejects(backend.getOutput(context, 2, new Uint8Array(1)), 'invalid_argument', /no output 2/)
  await rejects(backend.setInput(9999, 0, textTensor('x')), 'invalid_argument', /no execution context 9999/)
  await rejects(backend.compute(9999), 'invalid_argument')
  await rejects(backend.getOutput(9999, 0, new Uint8Array(1)), 'invalid_argument')
  await rejects(backend.initExecutionContextWithSessionId(0, ''), 'invalid_argument')
  await rejects(backend.initExecutionContextWithSessionId(0, null as never), 'invalid_argument')
  await rejects(backend.getOutput(context, 0, null as never), 'invalid_argument', /not null/)
  await rejects(backend.status('weather' as never), 'invalid_argument')
})

test("before a compute the text has 0 bytes and the metadata tells the prompt's length", async () => {
  const {backend, graph} = opened()
  const context = await backend.initExecutionContext(graph)
  await rejects(backend.compute(context), 'invalid_argument', /no input/)
  assert.is(await readOutput(backend, context), '')
  await backend.setInput(context, 0, textTensor('My name is Alice.'))
  assert.is(await backend.getOutput(context, 0, new Uint8Array()), 0)
  const before = JSON.parse(await readOutput(backend, context, 1)) as {input_tokens: number}
  const {metadata} = await ask({backend, context}, 'My name is Alice.')
  assert.is(before.input_tokens, metadata.input_tokens)
  await backend.closeExecutionContext(context)
  await rejects(backend.closeExecutionContext(context), 'invalid_argument', /is closed/)
})

test('a buffer that is too small is told the needed size, and nothing is written', async () => {
  const {backend, context} = opened()
  await ask(opened(), 'Hello!')
  const buffer = new Uint8Array(5)
  const error = await thrownBy(backend.getOutput(context, 0, buffer))
  assert.ok(error instanceof NnError && error.code === 'too_large' && error.neededBytes === 26)
  assert.equal([...buffer], [0, 0, 0, 0, 0])
  assert.is(await backend.getOutput(context, 0, new Uint8Array(26)), 26)
})

test('token by token: each call one token, then end_of_sequence, and the history has the answer', async () => {
  const {backend, graph} = opened()
  const context = await backend.initExecutionContext(graph)
  await backend.setInput(context, 0, textTensor('My name is Alice.'))
  let text = ''
  const buffer = new Uint8Array(1000)
  const next = async (): Promise<void> => {
    await backend.computeSingle(context)
    text += new TextDecoder().decode(buffer.subarray(0, await backend.getOutputSingle(context, 0, buffer)))
  }
  assert.is(await backend.getOutputSingle(context, 0, buffer), 0)
  const error = await thrownBy(
    (async () => {
      for (;;) await next()
    })(),
  )
  assert.ok(error instanceof NnError && error.code === 'end_of_sequence')
  assert.is(text, 'Nice to meet you, Alice!')
  assert.is((await ask({backend, context}, 'What is my name?')).text, 'Your name is Alice.')
  await backend.setInput(context, 0, textTensor('Tell me a story.'))
  await backend.computeSingle(context)
  await backend.finiSingle(context)
  assert.is((await ask({backend, context}, 'Hello!')).text, 'Hello! How can I help you?')
  await backend.closeExecutionContext(context)
})

test('run_inference takes options for one call alone', async () => {
  const {backend, graph} = opened()
  const context = await backend.initExecutionContext(graph)
  const buffer = new Uint8Array(4096)
  const run = async (options?: string): Promise<string> => {
    const written = await backend.runInference(context, 0, textTensor('Count from 3 to 9.'), buffer, options)
    return new TextDecoder().decode(buffer.subarray(0, written))
  }
  assert.is(await run('{"max_tokens": 2}'), '3,')
  assert.is(await run(), '3, 4, 5, 6, 7, 8, 9.')
  assert.is(await run('{"max_tokens":'), '3, 4, 5, 6, 7, 8, 9.')
  await backend.closeExecutionContext(context)
})

/** Kills the engine while this answer runs. */
const killed = async (backend: LocalBackend, running: Promise<unknown>): Promise<void> => {
  const [status] = (await backend.status('memory')).graphs
  process.kill(status?.engine_pid ?? NaN, 'SIGKILL')
  await running.catch(() => undefined)
}

test('a task whose engine dies before it has given anything out is tried once more', async () => {
  const {backend, context} = await openBackend()
  try {
    await ask({backend, context}, 'My name is Alice.')
    const running = ask({backend, context}, 'What is my name?', {ignore_eos: true, max_tokens: 1200})
    while ((await backend.status('queue')).running === 0);
    await killed(backend, running)
    const {text, metadata} = await running
    assert.match(text, /^Your name is Alice/)
    assert.is(metadata.output_tokens, 1200)
    const [graph] = (await backend.status('model')).graphs
    assert.equal([graph?.state, graph?.crashes], ['ready', 1])
    assert.match(graph?.last_crash ?? '', /ended by SIGKILL/)
    assert.type(graph?.since_crash_ms, 'number')
  } finally {
    await backend.deinit()
  }
})

test('one that has given text out fails, its text stays readable, and the session goes on with its history', async () => {
  const {backend, context} = await openBackend()
  try {
    await ask({backend, context}, 'My name is Alice.')
    await backend.setInput(context, 1, textTensor(JSON.stringify({ignore_eos: true, max_tokens: -1})))
    await backend.setInput(context, 0, textTensor('Tell me a long story.'))
    let heard = ''
    let began = (): void => undefined
    const begun = new Promise<void>((resolve) => (began = resolve))
    const running = backend.compute(context, {
      onText: (text) => {
        heard += text
        began()
      },
    })
    await begun
    await killed(backend, running)
    await rejects(running, 'runtime_error', /engine process was ended by SIGKILL/)
    assert.is(await readOutput(backend, context), heard)
    assert.is((await ask({backend, context}, 'What is my name?')).text, 'Your name is Alice.')
  } finally {
    await backend.deinit()
  }
})

test('an engine that dies five times in a minute is given up, and says so', async () => {
  const {backend, graph, context} = await openBackend()
  try {
    const engine = async (): Promise<number | null> => {
      // Looking alone would leave the event loop no turn to notice anything.
      await new Promise((resolve) => setImmediate(resolve))
      return (await backend.status('memory')).graphs[0]?.engine_pid ?? null
    }
    for (let crash = 0; crash < 5; crash++) {
      // It is started again by itself.
      let pid = await engine()
      while (pid === null) pid = await engine()
      process.kill(pid, 'SIGKILL')
      while ((await engine()) === pid);
    }
    const [status] = (await backend.status('model')).graphs
    assert.is(status?.state, 'failed')
    await rejects(ask({backend, context}, 'Hello!'), 'runtime_error', /died 5 times within a minute/)
    await backend.unload(graph)
    const again = await backend.loadByName(qwen)
    const fresh = await backend.initExecutionContext(again)
    assert.is((await ask({backend, context: fresh}, 'Hello!')).text, 'Hello! How can I help you?')
  } finally {
    await backend.deinit()
  }
})

test('closing a context and unloading a graph end what they compute', async () => {
  const {backend, graph} = await openBackend()
  try {
    const endless = {ignore_eos: true, max_tokens: -1}
    const context = await backend.initExecutionContext(graph)
    const closed = ask({backend, context}, 'Tell me a story.', endless)
    while ((await backend.status('queue')).running === 0);
    await backend.closeExecutionContext(context)
    await rejects(closed, 'runtime_error', /closed while it computed/)
    const other = await backend.initExecutionContext(graph)
    const unloaded = ask({backend, context: other}, 'Tell me a story.', endless)
    while ((await backend.status('queue')).running === 0);
    await Promise.all([backend.unload(graph), rejects(unloaded, 'runtime_error')])
    assert.is((await backend.status('queue')).running, 0)
  } finally {
    await backend.deinit()
  }
})

test('unloading a graph ends the tasks that wait for it, and leaves those of other graphs alone', async () => {
  const {backend, graph} = await openBackend({parallel: 1})
  try {
    const other = await backend.loadByName(qwen)
    const contexts = await Promise.all([0, 1, 2, 3].map((i) => backend.initExecutionContext(i === 3 ? other : graph)))
    const endless = {ignore_eos: true, max_tokens: -1}
    const ended = contexts
      .slice(0, 3)
      .map((context) => rejects(ask({backend, context}, 'Tell me a story.', endless), 'runtime_error'))
    const answer = ask({backend, context: contexts[3] ?? -1}, 'Hello!')
    while ((await backend.status('queue')).queued < 2);
    await backend.unload(graph)
    await Promise.all(ended)
    assert.is((await answer).text, 'Hello! How can I help you?')
    const {submitted, queued, running, completed, cancelled} = await backend.status('queue')
    assert.equal([submitted, queued, running, completed, cancelled], [4, 0, 0, 1, 3])
  } finally {
    await backend.deinit()
  }
})

test('a session answers on another model with the same history', async () => {
  const {backend} = opened()
  const phi = await backend.loadByName(phi3)
  const first = await backend.initExecutionContextWithSessionId(opened().graph, 'shared')
  await ask({backend, context: first}, 'My name is Alice.')
  const second = await backend.initExecutionContextWithSessionId(phi, 'shared')
  assert.is((await ask({backend, context: second}, 'What is my name?')).text, 'Your name is Alice.')
  await backend.closeExecutionContext(first)
  await backend.closeExecutionContext(second)
  await backend.unload(phi)
})
