import {existsSync, readdirSync, readFileSync, statSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import {Writable} from 'node:stream'
import * as assert from 'uvu/assert'
import type {NnError} from '../../../src/errors.js'
import {temporaryParents} from '../../../src/backend/memory/cache-folder.js'
import {ask, openBackend, phi3, type Answer, type Opened} from '../../support/fixtures.js'
import {suite} from '../../support/suite.js'
import {temporaryFolder} from '../../support/temporary-folder.js'

const test = suite('returning sessions', {timeoutMs: 60_000})

const system_prompt = `You are Ada, a helpful assistant. ${'You like lists and stories. '.repeat(6)}`
const people = ['Alice', 'Bob', 'Carol', 'David', 'Emma', 'Frank']

/** This process's folders of caches, in memory or the temporary folder. */
const folders = (): string[] =>
  temporaryParents()
    .filter((parent) => existsSync(parent))
    .flatMap((parent) => readdirSync(parent).map((name) => path.join(parent, name)))
    .filter((folder) => path.basename(folder).startsWith(`wnn-caches-${process.pid}-`))

/** Saved caches below a folder. */
const cachesIn = (folder = ''): string[] =>
  existsSync(folder)
    ? readdirSync(folder, {recursive: true, encoding: 'utf8'})
        .filter((name) => name.endsWith('.kv'))
        .map((name) => path.join(folder, name))
    : []

/** Everybody says a name and asks for a list, then comes back in another order and asks for the name. */
const visits = async ({backend, graph}: Opened): Promise<{answers: Answer[]; caches: (string | undefined)[]}> => {
  const contexts = await Promise.all(people.map(() => backend.initExecutionContext(graph)))
  for (const [at, context] of contexts.entries()) {
    await ask({backend, context}, `My name is ${people[at] ?? ''}.`, {system_prompt: `${system_prompt}${at}`})
    await ask({backend, context}, 'Count from 1 to 20.', {system_prompt: `${system_prompt}${at}`})
  }
  const order = [3, 0, 5, 1, 4, 2]
  const answers: Answer[] = []
  for (const at of order) {
    const context = contexts[at] ?? -1
    answers[at] = await ask({backend, context}, 'What is my name?', {system_prompt: `${system_prompt}${at}`})
  }
  const {sessions} = await backend.status('sessions')
  return {
    answers,
    caches: contexts.map((context) => sessions.find((session) => session.contexts.includes(context))?.cache),
  }
}

test('sessions that lost their slots find their caches again, and answer as if they had kept them', async () => {
  const opened = await openBackend({parallel: 2})
  let answers: Answer[]
  try {
    const visited = await visits(opened)
    answers = visited.answers
    // Two slots: the two who came last are in them, the others' caches were saved.
    assert.ok(visited.caches.filter((cache) => cache === 'saved').length >= 4, visited.caches.join())
    for (const {metadata} of answers) {
      assert.ok(metadata.cached_tokens > metadata.input_tokens * 0.9, JSON.stringify(metadata))
    }
    const {saved_caches} = await opened.backend.status('memory')
    assert.ok(saved_caches.restored >= 4 && saved_caches.caches >= 4 && saved_caches.bytes > 0)
    const [folder = ''] = folders()
    assert.is(statSync(folder).mode & 0o777, 0o700)
    for (const file of cachesIn(folder)) assert.is(statSync(file).mode & 0o777, 0o600)
    assert.is(cachesIn(folder).length, saved_caches.caches)
  } finally {
    await opened.backend.deinit()
  }
  assert.equal(folders(), [])
  const without = await openBackend({parallel: 2, cache_prompt: false})
  try {
    const again = await visits(without)
    assert.equal(
      answers.map(({text}) => text),
      again.answers.map(({text}) => text),
    )
    assert.ok(again.answers.every(({metadata}) => metadata.cached_tokens === 0))
  } finally {
    await without.backend.deinit()
  }
})

test('with max_cache_tokens 0 nothing is saved', async () => {
  const opened = await openBackend({parallel: 2, max_cache_tokens: 0})
  try {
    const {caches} = await visits(opened)
    assert.ok(!caches.includes('saved'))
    assert.equal(folders(), [])
  } finally {
    await opened.backend.deinit()
  }
})

test('the limit holds over all sessions', async () => {
  const opened = await openBackend({parallel: 2, max_cache_tokens: 400, cache_strategy: 'smart'})
  try {
    await visits(opened)
    const {saved_caches} = await opened.backend.status('memory')
    assert.ok(saved_caches.tokens <= 400 && saved_caches.dropped > 0, JSON.stringify(saved_caches))
    const [folder = ''] = folders()
    assert.is(cachesIn(folder).length, saved_caches.caches)
  } finally {
    await opened.backend.deinit()
  }
})

test('stateless conversations that outnumber the slots find their beginnings again, and answer as without a cache', async () => {
  const talks = async ({backend, graph}: Opened): Promise<Answer[]> => {
    const answers: Answer[] = []
    for (const round of ['first', 'second']) {
      for (const [at, person] of people.entries()) {
        const context = await backend.initExecutionContext(graph, {temporary: true})
        const history = [
          {role: 'user', content: `My name is ${person}.`},
          {role: 'assistant', content: `Nice to meet you, ${person}!`},
        ]
        const own = {system_prompt: `${at} ${system_prompt}`, history}
        const answer = await ask({backend, context}, 'What is my name?', own)
        await backend.closeExecutionContext(context)
        if (round === 'second') answers.push(answer)
      }
    }
    return answers
  }
  const [opened, without] = [await openBackend({parallel: 2}), await openBackend({parallel: 2, cache_prompt: false})]
  try {
    const answers = await talks(opened)
    for (const {metadata} of answers) {
      assert.ok(metadata.cached_tokens > metadata.input_tokens * 0.9, JSON.stringify(metadata))
    }
    assert.equal(
      answers.map(({text}) => text),
      (await talks(without)).map(({text}) => text),
    )
    const {saved_caches} = await opened.backend.status('memory')
    assert.ok(saved_caches.restored >= people.length - 2, JSON.stringify(saved_caches))
  } finally {
    await Promise.all([opened.backend.deinit(), without.backend.deinit()])
  }
  assert.equal(folders(), [])
})

/** Says a name in the session `alice`; after `meanwhile` it is asked for. */
const introduce = async ({backend, graph}: Opened): Promise<void> => {
  const context = await backend.initExecutionContextWithSessionId(graph, 'alice')
  await ask({backend, context}, 'My name is Alice.', {system_prompt})
  await backend.closeExecutionContext(context)
}

const returned = async (backend: Opened['backend'], graph: number): Promise<Answer & {cache: string | undefined}> => {
  const context = await backend.initExecutionContextWithSessionId(graph, 'alice')
  const answer = await ask({backend, context}, 'What is my name?', {system_prompt})
  const {sessions} = await backend.status('sessions')
  return {...answer, cache: sessions.find(({id}) => id === 'alice')?.cache}
}

const assertContinued = ({text, metadata, cache}: Awaited<ReturnType<typeof returned>>): void => {
  assert.is(text, 'Your name is Alice.')
  assert.ok(metadata.cached_tokens > metadata.input_tokens * 0.8, JSON.stringify(metadata))
  assert.is(cache, 'saved')
}

test('with a state folder a session continues from its cache after a restart, and the host knows the cache', async (t) => {
  const stateDir = temporaryFolder(t)
  const first = await openBackend({parallel: 2}, {stateDir})
  await introduce(first)
  await first.backend.deinit()
  const [file = ''] = cachesIn(stateDir)
  assert.is(statSync(file).mode & 0o777, 0o600)
  assert.is(statSync(path.dirname(file)).mode & 0o777, 0o700)
  const second = await openBackend({parallel: 2}, {stateDir})
  try {
    const {saved_caches} = await second.backend.status('memory')
    assert.equal([saved_caches.caches, saved_caches.bytes], [1, statSync(file).size])
    assertContinued(await returned(second.backend, second.graph))
  } finally {
    await second.backend.deinit()
  }
  // Other settings of the cache, another folder: nothing of it is found.
  const third = await openBackend({parallel: 2, cache_type_k: 'f32'}, {stateDir})
  try {
    assert.is((await returned(third.backend, third.graph)).metadata.cached_tokens, 0)
  } finally {
    await third.backend.deinit()
  }
})

for (const mode of ['overlap', 'drain'] as const) {
  test(`a session continues from its cache after the model was switched away and back (${mode})`, async () => {
    const opened = await openBackend({parallel: 2})
    const {backend, graph} = opened
    try {
      await introduce(opened)
      const {path: model} = (await backend.status('model')).graphs[0] ?? {}
      await backend.switchGraph(graph, phi3, undefined, {mode})
      await backend.switchGraph(graph, model ?? '', undefined, {mode})
      assertContinued(await returned(backend, graph))
    } finally {
      await backend.deinit()
    }
    assert.equal(folders(), [])
  })
}

test('a switch to the same file with other settings keeps the caches, though the new engine started first', async () => {
  const opened = await openBackend({parallel: 2})
  const {backend, graph} = opened
  try {
    await introduce(opened)
    const {path: model} = (await backend.status('model')).graphs[0] ?? {}
    const {mode} = await backend.switchGraph(graph, model ?? '', '{"n_predict": 100, "token_gap_ms": 60}')
    assert.is(mode, 'overlap')
    assertContinued(await returned(backend, graph))
    // llama.cpp cannot read a cache of a context with another number of slots: that is a miss, and no failure.
    await backend.switchGraph(graph, model ?? '', '{"parallel": 3}')
    assert.is((await returned(backend, graph)).metadata.cached_tokens, 0)
    assert.is((await backend.status('memory')).saved_caches.failed, 0)
  } finally {
    await backend.deinit()
  }
})

test('a session continues from its cache after the model was unloaded and loaded', async () => {
  const opened = await openBackend({parallel: 2})
  const {backend, graph} = opened
  try {
    await introduce(opened)
    const {path: model} = (await backend.status('model')).graphs[0] ?? {}
    await backend.unload(graph)
    assertContinued(await returned(backend, await backend.loadByName(model ?? '')))
  } finally {
    await backend.deinit()
  }
  assert.equal(folders(), [])
})

test('an engine that dies leaves its saved caches to the next one', async () => {
  const opened = await openBackend({parallel: 2})
  const {backend} = opened
  try {
    await visits(opened)
    const [before] = (await backend.status('memory')).graphs
    const {saved_caches: saved} = await backend.status('memory')
    process.kill(before?.engine_pid ?? NaN, 'SIGKILL')
    // The opened context is the first, Alice's the second.
    const context = (await backend.status('sessions')).contexts[1]?.context ?? -1
    const again = (): Promise<Answer> =>
      ask({backend, context}, 'What is my name?', {system_prompt: `${system_prompt}0`})
    // The first one may still meet the engine that is dying.
    const answer = await again().catch((error: unknown) => {
      assert.is((error as NnError).code, 'runtime_error')
      return again()
    })
    assert.match(answer.text, /Alice/)
    assert.ok(answer.metadata.cached_tokens > 0, JSON.stringify(answer.metadata))
    const {saved_caches} = await backend.status('memory')
    assert.ok(saved_caches.restored > saved.restored && saved_caches.failed === 0, JSON.stringify(saved_caches))
    assert.is(folders().length, 1)
  } finally {
    await backend.deinit()
  }
  assert.equal(folders(), [])
})

test('a damaged cache costs no answer; a line of the log names its file, and it is removed', async (t) => {
  const stateDir = temporaryFolder(t)
  const first = await openBackend({parallel: 2}, {stateDir})
  await introduce(first)
  await first.backend.deinit()
  const [file = ''] = cachesIn(stateDir)
  const bytes = readFileSync(file)
  bytes.writeUInt8(bytes.readUInt8(bytes.length - 100) ^ 1, bytes.length - 100)
  writeFileSync(file, bytes)
  let log = ''
  const logStream = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      log += chunk.toString()
      done()
    },
  })
  const second = await openBackend({parallel: 2, log_level: 'warn'}, {stateDir, logStream})
  try {
    const {text, metadata} = await returned(second.backend, second.graph)
    assert.equal([text, metadata.cached_tokens], ['Your name is Alice.', 0])
    assert.ok(
      log.split('\n').some((line) => line.includes(file) && line.includes('checksum')),
      log,
    )
    assert.is((await second.backend.status('memory')).saved_caches.failed, 1)
    assert.not.ok(existsSync(file))
  } finally {
    await second.backend.deinit()
  }
})

test('the caches of a session are removed with it', async (t) => {
  const stateDir = temporaryFolder(t)
  const settings = {parallel: 1, idle_timeout_ms: 1000}
  const {backend, graph, context} = await openBackend(settings, {stateDir})
  try {
    await introduce({backend, graph, context})
    const other = await backend.initExecutionContext(graph, {temporary: true})
    await ask({backend, context: other}, 'Count from 1 to 20.', {system_prompt: 'You are Ada.'})
    assert.is((await backend.status('memory')).saved_caches.caches, 1)
    while ((await backend.status('sessions')).sessions.some(({id}) => id === 'alice')) await turn()
    while (cachesIn(stateDir).length > 0) await turn()
    assert.is((await backend.status('memory')).saved_caches.caches, 0)
  } finally {
    await backend.deinit()
  }
})

/** Looking alone would leave the event loop no turn. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
