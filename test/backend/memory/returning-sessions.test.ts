import {readdirSync, statSync} from 'node:fs'
import {tmpdir} from 'node:os'
import path from 'node:path'
import * as assert from 'uvu/assert'
import type {NnError} from '../../../src/backend/errors.js'
import {ask, openBackend, type Answer, type Opened} from '../../support/fixtures.js'
import {suite} from '../../support/suite.js'

const test = suite('returning sessions', {timeoutMs: 60_000})

const system_prompt = `You are Ada, a helpful assistant. ${'You like lists and stories. '.repeat(6)}`
const people = ['Alice', 'Bob', 'Carol', 'David', 'Emma', 'Frank']

const folders = (): string[] =>
  readdirSync(tmpdir())
    .filter((name) => name.startsWith(`wnn-caches-${process.pid}-`))
    .map((name) => path.join(tmpdir(), name))

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
    assert.ok(saved_caches.restored >= 4 && saved_caches.sessions >= 4 && saved_caches.bytes > 0)
    const [folder = ''] = folders()
    assert.is(statSync(folder).mode & 0o777, 0o700)
    assert.is(readdirSync(folder).length, saved_caches.sessions)
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
    assert.is(readdirSync(folder).length, saved_caches.sessions)
  } finally {
    await opened.backend.deinit()
  }
})

test('an engine that dies takes its saved caches along, and the sessions go on from their histories', async () => {
  const opened = await openBackend({parallel: 2})
  const {backend} = opened
  try {
    await visits(opened)
    const [before] = (await backend.status('memory')).graphs
    process.kill(before?.engine_pid ?? -1, 'SIGKILL')
    const {contexts} = await backend.status('sessions')
    // The opened context is the first, Alice's the second.
    const context = contexts[1]?.context ?? -1
    const again = (): Promise<Answer> =>
      ask({backend, context}, 'What is my name?', {system_prompt: `${system_prompt}0`})
    // The first one may still meet the engine that is dying.
    const answer = await again().catch((error: unknown) => {
      assert.is((error as NnError).code, 'runtime_error')
      return again()
    })
    assert.match(answer.text, /Alice/)
    const {saved_caches} = await backend.status('memory')
    assert.is(saved_caches.sessions, 0)
    assert.is(folders().length, 0)
  } finally {
    await backend.deinit()
  }
})
