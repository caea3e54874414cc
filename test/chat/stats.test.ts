import * as assert from 'uvu/assert'
import type {OutputMetadata} from '../../src/backend/contract/types.js'
import {droppedLine, duration, statsLine, statsReport} from '../../src/chat/stats.js'
import {addAnswer, noUsage} from '../../src/chat/usage.js'
import {suite} from '../support/suite.js'

const test = suite('numbers of a chat')

const answer: OutputMetadata = {
  ...{input_tokens: 20, output_tokens: 11, cached_tokens: 5, stop_reason: 'end_of_sequence'},
  ...{prompt_ms: 30, predict_ms: 100, ttft_ms: 45.4, seed: 7},
  ...{llama_build: 'v0.5.0', llama_commit: 'abc'},
}

const lines: [change: Partial<OutputMetadata>, line: string][] = [
  [{}, '11 tokens · 100 tok/s · first after 45 ms · 5 of 20 prompt tokens cached'],
  [
    {output_tokens: 3, predict_ms: 1500, ttft_ms: 61_000},
    '3 tokens · 1.3 tok/s · first after 1 min 1 s · 5 of 20 prompt tokens cached',
  ],
  [{output_tokens: 1, predict_ms: 0}, '1 token · first after 45 ms · 5 of 20 prompt tokens cached'],
  [{output_tokens: 0, stop_reason: 'aborted'}, 'stopped · 0 tokens · 5 of 20 prompt tokens cached'],
  [{dropped_messages: 1}, `${statsLine(answer)} · the oldest 1 message left out`],
  [{dropped_messages: 4}, `${statsLine(answer)} · the oldest 4 messages left out`],
  [{stop_reason: 'max_tokens'}, `cut off by max_tokens · ${statsLine(answer)}`],
  [{stop_reason: 'stop', stopped_by: '\n'}, `ended by stop "\\n" · ${statsLine(answer)}`],
  [{stop_reason: 'context_full'}, `cut off: the context is full · ${statsLine(answer)}`],
]
for (const [change, line] of lines) {
  test(`${JSON.stringify(change)} is told`, () => assert.is(statsLine({...answer, ...change}), line))
}

test('messages that a prompt lacks are told', () => {
  const lines = [undefined, 1, 4].map((dropped) =>
    droppedLine(dropped === undefined ? answer : {...answer, dropped_messages: dropped}),
  )
  assert.equal(lines, [
    undefined,
    'The oldest 1 message did not fit into the context and was left out of the prompt.',
    'The oldest 4 messages did not fit into the context and were left out of the prompt.',
  ])
})

test('times have the unit that fits', () => {
  assert.equal([0.4, 999, 1000, 59_940, 60_000, 125_400].map(duration), [
    ...['0 ms', '999 ms', '1.0 s', '59.9 s', '1 min 0 s', '2 min 5 s'],
  ])
})

test('the report adds up all answers', () => {
  const usage = addAnswer(addAnswer(noUsage, answer), answer)
  const report = new Map(statsReport(answer, usage, {size: 2048, tokens: undefined}))
  assert.is(report.get('all answers'), '2 · 22 tokens in 200 ms')
  assert.is(report.get('all prompts'), '10 of 40 tokens cached, the rest evaluated in 60 ms')
  assert.is(report.get('context'), '31 of 2048 tokens')
})

const contexts: [what: string, tokens: number | undefined, line: string][] = [
  ['after a context shift', 1400, '1400 of 2048 tokens; 9096 older ones were dropped (context shift)'],
  ['whose slot is gone', undefined, 'at most 2048 of 2048 tokens; older ones were dropped (context shift)'],
]
for (const [what, tokens, line] of contexts) {
  test(`a context ${what} is never fuller than it can be`, () => {
    const long = {...answer, input_tokens: 496, output_tokens: 10_000}
    assert.is(new Map(statsReport(long, noUsage, {size: 2048, tokens})).get('context'), line)
  })
}

test('a context that is just full was not shifted', () => {
  const full = {...answer, input_tokens: 48, output_tokens: 2000}
  assert.is(new Map(statsReport(full, noUsage, {size: 2048, tokens: 2047})).get('context'), '2048 of 2048 tokens')
})
