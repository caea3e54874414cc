import * as assert from 'uvu/assert'
import {parseErrorLimit} from '../../src/batch/error-limit.js'
import {Notes} from '../../src/batch/items/notes.js'
import {progressLine, Progress, type ProgressState} from '../../src/batch/progress.js'
import type {BatchOutcome} from '../../src/batch/run-batch.js'
import {renderCheck, renderSummary, summarize} from '../../src/batch/summary.js'
import {Tally} from '../../src/batch/tally.js'
import type {OutputMetadata} from '../../src/backend/contract/types.js'
import {NnError} from '../../src/errors.js'
import type {Output} from '../../src/terminal/style.js'
import {ManualClock} from '../support/manual-clock.js'
import {suite} from '../support/suite.js'

const test = suite('what a batch tells')

const state: ProgressState = {
  ...{ended: 50, failed: 2, skipped: 50, total: 400, outputTokens: 1000, elapsedMs: 10_000},
}

test('shows how far it is, at what speed, and how long it will take', () => {
  assert.is(
    progressLine(state, 120),
    '[#####---------------] 100/400 items · 25 % · 5 items/s · 100 tokens/s · 2 failed · 1 min 0 s left',
  )
  assert.is(progressLine({...state, total: undefined, failed: 0}, 120), '100 items · 5 items/s · 100 tokens/s')
  assert.is(
    progressLine({...state, ended: 0, skipped: 0, failed: 0, elapsedMs: 0}),
    '0/400 items · 0 % · 0 items/s · 0 tokens/s',
  )
  assert.is(progressLine({...state, ended: 350, failed: 0}), '400/400 items · 100 % · 35 items/s · 100 tokens/s')
})

test('a narrow terminal shows the remaining time and leaves out the rest', () => {
  const large: ProgressState = {
    ...{ended: 12_345, failed: 123, skipped: 0, total: 100_000, outputTokens: 1_000_000, elapsedMs: 1_000_000},
  }
  const lines = [90, 80, 70, 60, 40].map((columns) => [columns, progressLine(large, columns)])
  assert.equal(lines, [
    [90, '12345/100000 items · 12 % · 12 items/s · 1000 tokens/s · 123 failed · 1 h 58 min left'],
    [80, '12345/100000 items · 12 % · 12 items/s · 123 failed · 1 h 58 min left'],
    [70, '12345/100000 items · 12 % · 12 items/s · 123 failed · 1 h 58 min left'],
    [60, '12345/100000 items · 12 % · 123 failed · 1 h 58 min left'],
    [40, '12345/100000 items · 123 failed · 1 h 58 min left'],
  ])
})

test('one of a thing is not two', () => {
  const one: ProgressState = {...state, ended: 0, skipped: 0, failed: 0, total: 1, elapsedMs: 0}
  assert.match(progressLine(one), /^0\/1 item · /)
  assert.match(progressLine({...one, ended: 1, total: undefined}), /^1 item · /)
  const run = {output: 'rows.jsonl', skipped: 0, skipped_failed: 0, wall_ms: 2000, outcome: 'stopped'} as const
  assert.match(renderSummary(summarize(new Tally(), {...run, remaining: 1})), /; 1 item has no row yet$/m)
  const input = {bytes: 10, sha256: ''}
  assert.is(renderCheck({items: 1, faulty: 1, faults: [], input}), '1 item in 10 B; 1 is not usable.\n… and 1 more')
  assert.match(
    renderCheck({items: 2, faulty: 0, faults: [], input, resume: {done: 1, failed: 0, remaining: 1}}),
    /^2 items in 10 B; 0 are not usable\.\n.* 1 item has a row \(0 failed\), 1 remains\.$/,
  )
})

test('where there is no terminal it is a line every ten seconds, and none after the end', async () => {
  const clock = new ManualClock()
  const written: string[] = []
  const output = {isTTY: false, write: (text: string) => written.push(text)} as unknown as Output
  {
    using progress = new Progress(output, () => state, clock)
    await clock.advance(9_999)
    assert.equal(written, [])
    await clock.advance(10_001)
    assert.equal(written, Array(2).fill(`${progressLine(state)}\n`))
    progress.say('note')
    assert.is(written.at(-1), 'note\n')
  }
  assert.is(clock.pending, 0)
})

test('--max-errors counts failures, or takes their share once there are enough items', () => {
  const three = parseErrorLimit('3')
  assert.equal([three(3, 3), three(4, 4)], [false, true])
  assert.is(parseErrorLimit('0')(1, 1), true)
  const tenPercent = parseErrorLimit('10%')
  assert.equal(
    [tenPercent(99, 99), tenPercent(10, 100), tenPercent(11, 100), tenPercent(15, 200)],
    [false, false, true, false],
  )
  for (const text of ['', '-1', '1.5', '101%', 'many', '%', '5 %']) {
    assert.throws(
      () => parseErrorLimit(text),
      (error: unknown) => error instanceof NnError && error.exitCode === 2,
      text,
    )
  }
})

test('sums up what was answered, and how long it took', () => {
  const tally = new Tally()
  const metadata = {input_tokens: 10, output_tokens: 5, cached_tokens: 2} as OutputMetadata
  for (let n = 1; n <= 100; n++) tally.add({item: n, attempts: 1, latencyMs: n, answer: {text: '', metadata}})
  const embeddings = {object: 'list', data: [], model: 'm', usage: {prompt_tokens: 50, total_tokens: 50}} as const
  tally.add({item: 0, attempts: 1, latencyMs: 50, answer: {embeddings: {...embeddings, data: []}}})
  for (const code of ['timeout', 'timeout', 'runtime_error'] as const)
    tally.add({item: 0, attempts: 3, latencyMs: 9e9, failure: new NnError(code)})
  const run = {
    output: 'rows.jsonl',
    outcome: 'complete',
    skipped: 7,
    skipped_failed: 1,
    remaining: 0,
    wall_ms: 2000,
  } as const
  const {latency_ms: latency, ...summary} = summarize(tally, run)
  assert.equal(summary, {
    ...run,
    ...{succeeded: 101, failed: 3, errors: {timeout: 2, runtime_error: 1}},
    ...{input_tokens: 1050, cached_tokens: 200, output_tokens: 500, shortened: 0},
    ...{output_tokens_per_second: 250, items_per_second: 52},
  })
  for (const [name, expected] of [
    ['p50', 50],
    ['p95', 95],
    ['p99', 99],
    ['max', 100],
  ] as const)
    assert.ok(Math.abs((latency[name] ?? NaN) - expected) <= expected / 500, `${name} is ${latency[name]}`)
  assert.equal(summarize(new Tally(), {...run, wall_ms: 0}).latency_ms, {
    ...{p50: null, p95: null, p99: null, max: null},
  })
})

test('says how many prompts lacked messages, if some did', () => {
  const run = {
    output: 'rows.jsonl',
    outcome: 'complete',
    skipped: 0,
    skipped_failed: 0,
    remaining: 0,
    wall_ms: 1,
  } as const
  const tally = new Tally()
  const metadata = {input_tokens: 10, output_tokens: 5, cached_tokens: 2} as OutputMetadata
  const add = (changes: Partial<OutputMetadata>): void =>
    tally.add({item: 1, attempts: 1, latencyMs: 1, answer: {text: '', metadata: {...metadata, ...changes}}})
  add({})
  assert.not.match(renderSummary(summarize(tally, run)), /shortened/)
  add({dropped_messages: 4})
  add({dropped_messages: 1})
  const summary = summarize(tally, run)
  assert.is(summary.shortened, 2)
  assert.match(renderSummary(summary), /^shortened +2 without their oldest messages, which did not fit/m)
})

test('says why it ended early, and what is left', () => {
  const run = {output: 'rows.jsonl', skipped: 0, skipped_failed: 0, wall_ms: 2000} as const
  const first = (outcome: BatchOutcome | 'failed', remaining: number | null): string =>
    renderSummary(summarize(new Tally(), {...run, outcome, remaining})).split('\n')[0] ?? ''
  assert.match(first('stopped', 8), /^ended early +by a signal; 8 items have no row yet$/)
  assert.match(first('enough', 188), /^ended early +more items failed than --max-errors allows; 188 items /)
  assert.match(first('failed', null), /^ended early +by an error$/)
  assert.match(first('complete', 0), /^answered +0$/)
})

test('has no latency of what was not answered', () => {
  const run = {
    output: 'rows.jsonl',
    outcome: 'complete',
    skipped: 0,
    skipped_failed: 0,
    remaining: 0,
    wall_ms: 0,
  } as const
  assert.match(renderSummary(summarize(new Tally(), run)), /^latency +–$/m)
})

test('tells what concerns many items once, and not of too many names', () => {
  const told: string[] = []
  const notes = new Notes((text) => void told.push(text))
  notes.add('Unused:', ['a', 'b'])
  notes.add('Unused:', ['b', 'c'])
  notes.add('Unused:', ['a'])
  assert.equal(told, ['Unused: a, b', 'Unused: c'])
  for (let n = 0; n < 100; n++) notes.add('Unused:', [`x${n}`])
  assert.is(told.length, 19)
})
