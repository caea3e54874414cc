import * as assert from 'uvu/assert'
import {WorkNoter} from '../../../src/backend/engine/child/work-noter.js'
import {WorkFile} from '../../../src/backend/engine/host/work-file.js'
import {fingerprintOf, suspectsOf} from '../../../src/backend/engine/host/suspects.js'
import type {GenerateRequest} from '../../../src/backend/engine/protocol.js'
import {decodeWork, encodeWork, noWork, type Work} from '../../../src/backend/engine/work-note.js'
import {defaultConfig} from '../../../src/config/index.js'
import {suite} from '../../support/suite.js'

const test = suite('what an engine works on')

test('a note that was longer before is read as it is now', () => {
  const file = WorkFile.create()
  assert.ok(file)
  assert.equal(file.read(), noWork)
  const noter = WorkNoter.into(file.descriptor)
  noter.startComputing([4, 5, 6, 7])
  noter.startComputing([8])
  assert.equal(file.read(), {reading: [], running: [8], computes: true})
  file.close()
})

test('a torn note is none', () => {
  const bytes = encodeWork({reading: [1], running: [2, 3], computes: true})
  for (const length of [0, 3, 8, 12, bytes.length - 1]) assert.equal(decodeWork(bytes.subarray(0, length)), noWork)
})

/** Whatever is noted, and what that was at a moment. */
function recorded(): {noter: WorkNoter; notes: Work[]} {
  const notes: Work[] = []
  return {noter: new WorkNoter((work) => notes.push(work)), notes}
}

test('the same requests are noted once, however many steps they take', () => {
  const {noter, notes} = recorded()
  for (let step = 0; step < 5; step++) {
    noter.startComputing([1, 2])
    noter.endComputing()
  }
  assert.equal(notes, [{reading: [], running: [1, 2], computes: true}])
})

test('while a request is read, it is noted whether others are computed at that moment', async () => {
  const {noter, notes} = recorded()
  noter.startComputing([1])
  await noter.whileReading(2, () => {
    noter.endComputing()
    noter.startComputing([1])
    noter.endComputing()
  })
  const computes = notes.map((note) => [note.reading.length, note.computes])
  assert.equal(computes, [
    [0, true],
    [1, true],
    [1, false],
    [1, true],
    [1, false],
    [0, false],
  ])
})

test('a request that fails to be read is no longer noted', async () => {
  const {noter, notes} = recorded()
  await noter.whileReading(1, () => Promise.reject(new Error('no'))).catch(() => undefined)
  assert.equal(notes.at(-1)?.reading, [])
})

const work = (reading: number[], running: number[], computes: boolean): Work => ({reading, running, computes})

test('suspects of a death', () => {
  const cases: [Work, Parameters<typeof suspectsOf>[1], number[]][] = [
    [work([], [1, 2], true), 'fault', [1, 2]],
    [work([3], [1, 2], false), 'fault', [3]],
    [work([3], [1, 2], true), 'fault', [3, 1, 2]],
    // Computing does not block the event loop.
    [work([3], [1, 2], true), 'blocked', [3]],
    [work([], [1, 2], true), 'blocked', [1, 2]],
    [work([3], [1, 2], true), 'outside', [3]],
    [work([], [1], true), 'outside', []],
  ]
  for (const [noted, cause, suspects] of cases) assert.equal([...suspectsOf(noted, cause)], suspects)
})

test('a request is the same from every client and with every seed, and another one with one other character or setting', () => {
  const {sampling, stopping} = defaultConfig(1)
  const request: GenerateRequest = {
    prompt: {mode: 'chat', messages: [{role: 'user', content: 'Hello!'}]},
    ...{droppedBefore: 0, session: 'one', sampling, stopping, contextShift: null, contextSize: 256},
    ...{cachePrompt: true, promptLookup: false, deterministic: false, pace: 'free', stream: false},
  }
  const print = (changes: Partial<GenerateRequest>): string | undefined =>
    fingerprintOf({type: 'generate', id: 1, request: {...request, ...changes}})
  const before = print({})
  assert.type(before, 'string')
  const tokens = Uint32Array.of(1, 2)
  const withTokens = {mode: 'chat' as const, messages: [{role: 'user' as const, content: 'Hello!', tokens}]}
  const otherSeed = {sampling: {...sampling, seed: 7}}
  for (const same of [{session: 'two'}, {stream: true}, {prompt: withTokens}, otherSeed]) assert.is(print(same), before)
  const others: Partial<GenerateRequest>[] = [
    {prompt: {mode: 'chat', messages: [{role: 'user', content: 'Hello?'}]}},
    {prompt: {mode: 'raw', text: 'Hello!'}},
    {sampling: {...sampling, grammar: 'root ::= "a"'}},
    {stopping: {...stopping, max_tokens: 3}},
  ]
  assert.is(new Set([before, ...others.map(print)]).size, others.length + 1)
  assert.is.not(fingerprintOf({type: 'embed', id: 1, text: 'a'}), fingerprintOf({type: 'embed', id: 1, text: 'b'}))
  assert.is(fingerprintOf({type: 'slots', id: 1}), undefined)
})
