import {mkdtemp, readFile, rm, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import path from 'node:path'
import * as assert from 'uvu/assert'
import type {SwitchPhase} from '../../../src/backend/contract/switch.js'
import {readMetadata, readOutput, textTensor, type LocalBackend} from '../../../src/index.js'
import {ask, openBackend, phi3, qwen} from '../../support/fixtures.js'
import {enginesOf} from '../../support/processes.js'
import {rejects} from '../../support/rejects.js'
import {suite} from '../../support/suite.js'

const test = suite('model switch', {timeoutMs: 60_000})

/** Each model has its own hero, whatever animal is asked for. */
const question = 'Tell me a story about a fox.'
const isQwen = (text: string): boolean => text.includes('Hazel')
const isPhi3 = (text: string): boolean => text.includes('Bruno')
const short = {history: [], max_tokens: 40, ignore_eos: false}

/** Asks for a story without end and resolves when it has begun; `end` lets it end. */
const story = async (
  backend: LocalBackend,
  context: number,
): Promise<{ended: Promise<void>; text: () => Promise<string>; end: () => void}> => {
  const stop = new AbortController()
  await backend.setInput(context, 1, textTensor(JSON.stringify({ignore_eos: true, max_tokens: -1, timeout_ms: 60_000})))
  await backend.setInput(context, 0, textTensor('Tell me a long story.'))
  let ended: Promise<void> = Promise.resolve()
  await new Promise<void>((resolve) => {
    ended = backend.compute(context, {onText: () => resolve(), signal: stop.signal})
  })
  return {ended, text: () => readOutput(backend, context), end: () => stop.abort()}
}

test('answers before and after are each model’s own, and sessions keep their histories', async () => {
  const {backend, graph, context} = await openBackend()
  try {
    const other = await backend.initExecutionContext(graph)
    await ask({backend, context}, 'My name is Alice.')
    assert.ok(isQwen((await ask({backend, context: other}, question, short)).text))
    const phases: SwitchPhase[] = []
    const report = await backend.switchGraph(graph, phi3, undefined, {onPhase: (phase) => void phases.push(phase)})
    assert.equal(phases, ['check', 'load', 'finish', 'unload'])
    assert.equal(
      [report.graph, report.from, report.to, report.mode, report.downtime_ms],
      [graph, qwen, phi3, 'overlap', 0],
    )
    assert.is((await ask({backend, context}, 'What is my name?')).text, 'Your name is Alice.')
    assert.ok(isPhi3((await ask({backend, context: other}, question, short)).text))
    await backend.switchGraph(graph, qwen)
    assert.is((await ask({backend, context}, 'What is my name?')).text, 'Your name is Alice.')
    const [status] = (await backend.status('model')).graphs
    assert.equal([status?.state, status?.name, status?.path], ['ready', qwen, qwen])
    assert.is(enginesOf().length, 1)
  } finally {
    await backend.deinit()
  }
})

for (const mode of ['overlap', 'drain'] as const) {
  test(`${mode}: what runs ends on the old model, what waits runs on the new one`, async () => {
    const {backend, graph, context} = await openBackend({parallel: 1})
    try {
      const running = await story(backend, context)
      const other = await backend.initExecutionContext(graph)
      const waiting = ask({backend, context: other}, question, short)
      let reached = (): void => undefined
      const finishing = new Promise<void>((resolve) => (reached = resolve))
      const switching = backend.switchGraph(graph, phi3, undefined, {
        mode,
        onPhase: (phase) => phase === 'finish' && reached(),
      })
      await finishing
      if (mode === 'drain') assert.is((await backend.status('queue')).queued, 1)
      running.end()
      const {downtime_ms, served, mode: carriedOut} = await switching
      await running.ended
      assert.ok((await running.text()).length > 0)
      assert.ok(isPhi3((await waiting).text))
      assert.is(carriedOut, mode)
      assert.ok(served >= 1)
      assert.is(downtime_ms > 0, mode === 'drain')
    } finally {
      await backend.deinit()
    }
  })
}

test('cancel ends what runs with an error, and its text stays readable', async () => {
  const {backend, graph, context} = await openBackend()
  try {
    const running = await story(backend, context)
    const switching = backend.switchGraph(graph, phi3, undefined, {mode: 'cancel'})
    await rejects(running.ended, 'runtime_error', /its model was switched/)
    assert.ok((await running.text()).length > 0)
    await switching
    assert.is(
      (await ask({backend, context}, 'Hello!', {ignore_eos: false, max_tokens: 60})).text,
      'Hello! How can I help you?',
    )
  } finally {
    await backend.deinit()
  }
})

test('a file that is missing, broken, or refused by llama.cpp leaves the old model in place', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'wnn-test-'))
  const {backend, graph, context} = await openBackend()
  try {
    const broken = path.join(folder, 'broken.gguf')
    await writeFile(broken, 'not a model')
    // The header passes all checks, but llama.cpp misses a tensor.
    const incomplete = path.join(folder, 'incomplete.gguf')
    const bytes = await readFile(qwen)
    bytes.write('attn_x', bytes.indexOf('attn_q.weight'))
    await writeFile(incomplete, bytes)
    for (const mode of ['overlap', 'drain'] as const) {
      await rejects(backend.switchGraph(graph, '/no/such/model.gguf', undefined, {mode}), 'model_not_found')
      await rejects(backend.switchGraph(graph, broken, undefined, {mode}), 'invalid_argument')
      await rejects(backend.switchGraph(graph, incomplete, undefined, {mode}), 'runtime_error')
      assert.ok(isQwen((await ask({backend, context}, question, short)).text))
    }
    assert.equal([enginesOf().length, (await backend.status('model')).graphs[0]?.state], [1, 'ready'])
  } finally {
    await backend.deinit()
    await rm(folder, {recursive: true})
  }
})

test('where both models do not fit, overlap becomes drain and says why', async () => {
  // One model of this size is estimated at about 100 MiB.
  const {backend, graph, context} = await openBackend({max_memory_mb: 180, parallel: 1})
  try {
    const {mode, mode_reason} = await backend.switchGraph(graph, phi3)
    assert.is(mode, 'drain')
    assert.match(mode_reason ?? '', /Both models do not fit: .* needs about \d+ MiB/)
    assert.ok(isPhi3((await ask({backend, context}, question, short)).text))
  } finally {
    await backend.deinit()
  }
})

test('under load no request fails, whichever model answers', async () => {
  const {backend, graph} = await openBackend({max_concurrent: 9})
  try {
    const done = new AbortController()
    let answers = 0
    const client = async (): Promise<void> => {
      const context = await backend.initExecutionContext(graph)
      while (!done.signal.aborted) {
        assert.is((await ask({backend, context}, 'What is 4 + 5?', {history: []})).text, '4 + 5 = 9.')
        answers++
      }
    }
    const clients = Array.from({length: 8}, client)
    for (const model of [phi3, qwen, phi3, qwen]) {
      const before = answers
      assert.is((await backend.switchGraph(graph, model)).downtime_ms, 0)
      assert.ok(answers > before)
    }
    done.abort()
    await Promise.all(clients)
    const {failed, timed_out, refused, cancelled} = await backend.status('queue')
    assert.equal({failed, timed_out, refused, cancelled}, {failed: 0, timed_out: 0, refused: 0, cancelled: 0})
  } finally {
    await backend.deinit()
  }
})

test('a graph is switched once at a time, and one that is unloaded meanwhile leaves no engine', async () => {
  const {backend, graph} = await openBackend()
  try {
    let loading = (): void => undefined
    const begun = new Promise<void>((resolve) => (loading = resolve))
    const first = backend.switchGraph(graph, phi3, undefined, {onPhase: (phase) => phase === 'load' && loading()})
    await begun
    await rejects(backend.switchGraph(graph, qwen), 'runtime_error', /already being switched/)
    await Promise.all([rejects(first, 'invalid_argument', /unloaded while/), backend.unload(graph)])
    assert.equal(enginesOf(), [])
    await rejects(backend.switchGraph(graph, qwen), 'invalid_argument', /no graph/)
  } finally {
    await backend.deinit()
  }
})

test('the caller can give up a switch: the old model goes on', async () => {
  const {backend, graph, context} = await openBackend({parallel: 1})
  try {
    const running = await story(backend, context)
    const stop = new AbortController()
    const switching = backend.switchGraph(graph, phi3, undefined, {
      mode: 'drain',
      signal: stop.signal,
      onPhase: (phase) => phase === 'finish' && stop.abort(),
    })
    await switching.then(
      () => assert.unreachable('it was given up'),
      (error: unknown) => assert.is((error as Error).name, 'AbortError'),
    )
    running.end()
    await running.ended
    const other = await backend.initExecutionContext(graph)
    assert.ok(isQwen((await ask({backend, context: other}, question, short)).text))
  } finally {
    await backend.deinit()
  }
})

for (const mode of ['overlap', 'drain'] as const) {
  test(`an engine that dies while its last answer is waited for (${mode}) costs no answer`, async () => {
    const {backend, graph, context} = await openBackend()
    try {
      const limits = {ignore_eos: true, max_tokens: 400, max_time_ms: 0}
      await backend.setInput(context, 1, textTensor(JSON.stringify(limits)))
      await backend.setInput(context, 0, textTensor('Tell me a long story.'))
      const answered = backend.compute(context)
      await backend.status('queue')
      const [engine = -1] = enginesOf()
      await backend.switchGraph(graph, phi3, undefined, {
        mode,
        onPhase: (phase) => phase === 'finish' && process.kill(engine, 'SIGKILL'),
      })
      await answered
      assert.ok(isQwen(await readOutput(backend, context)))
    } finally {
      await backend.deinit()
    }
  })
}

test('cancel ends an answer that is taken token by token with an error, not as complete', async () => {
  const {backend, graph, context} = await openBackend()
  try {
    await backend.setInput(context, 0, textTensor('What is the capital of France?'))
    await backend.computeSingle(context)
    await backend.computeSingle(context)
    await backend.switchGraph(graph, phi3, undefined, {mode: 'cancel'})
    await rejects(backend.computeSingle(context), 'runtime_error', /cancelled/)
    assert.equal((await backend.status('sessions')).sessions[0]?.messages, 0)
  } finally {
    await backend.deinit()
  }
})

test('who does not wait for an answer that is taken token by token has the new model, and the old one goes with it', async () => {
  const {backend, graph, context} = await openBackend()
  const stop = new AbortController()
  try {
    await backend.setInput(context, 0, textTensor('What is the capital of France?'))
    await backend.computeSingle(context)
    const switched = backend.switchGraph(graph, phi3, undefined, {
      signal: stop.signal,
      onPhase: (phase) => phase === 'finish' && stop.abort(),
    })
    assert.ok(
      await switched.then(
        () => false,
        () => true,
      ),
    )
    assert.is((await backend.status('model')).graphs[0]?.path, phi3)
    assert.is(enginesOf().length, 2)
    await backend.finiSingle(context)
    while (enginesOf().length > 1) await new Promise((resolve) => setImmediate(resolve))
  } finally {
    await backend.deinit()
  }
})

test('asking for a prompt’s tokens does not bring an engine back that went for another model', async () => {
  const {backend, graph, context} = await openBackend()
  try {
    await backend.setInput(context, 0, textTensor('Hello!'))
    let asked: Promise<unknown> = Promise.resolve()
    await backend.switchGraph(graph, phi3, undefined, {
      mode: 'drain',
      onPhase: (phase) => {
        if (phase === 'load') asked = rejects(readMetadata(backend, context), 'runtime_error', /being switched/)
      },
    })
    await asked
    assert.is((await readMetadata(backend, context)).stop_reason, null)
  } finally {
    await backend.deinit()
  }
})
