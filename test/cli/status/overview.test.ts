import * as assert from 'uvu/assert'
import type {BackendStatus} from '../../../src/backend/contract/status.js'
import {renderOverview} from '../../../src/cli/status/overview.js'
import {renderFindings, renderStatus} from '../../../src/cli/status/render.js'
import {fitLines} from '../../../src/cli/status/watch.js'
import {textWidth} from '../../../src/terminal/width.js'
import {suite} from '../../support/suite.js'
import {madeUpStatus} from './made-up-status.js'

const test = suite('status on a small terminal')

const daemon = {
  ...{pid: 123_456, socket: '/run/user/1000/wnn/daemon.sock', version: '1', uptime_ms: 61_000},
  ...{state: 'running' as const, clients: 2, calls: 0},
}
const times = {count: 20, p50: 1234, p95: 4567, p99: 5000, max: 65_432}

/** A daemon with work, a long path and this many sessions. */
function busy(sessions: number): BackendStatus {
  const status = madeUpStatus({
    name: 'a-model-with-a-long-name-q4_k_m',
    path: `/home/somebody/models/${'deep/'.repeat(12)}a-model-with-a-long-name-q4_k_m.gguf`,
    parallel: 4,
  })
  const {queue, memory} = status
  return {
    ...status,
    queue: {...queue, wait_ms: times, run_ms: times, running: 4, queued: 12},
    memory: {...memory, max_memory_mb: 16_384},
    sessions: {
      ...status.sessions,
      active: sessions,
      sessions: Array.from({length: sessions}, (_, at) => ({
        ...{
          id: `session-${at}`,
          messages: 2 * at,
          contexts: [at],
          idle_ms: 1000 * (sessions - at),
          dropped_messages: 0,
        },
        ...{cached_tokens: 100 + at, cache: at % 2 === 0 ? ('slot' as const) : ('none' as const)},
      })),
    },
  }
}

for (const [columns, rows] of [
  [80, 24],
  [60, 20],
] as const) {
  for (const sessions of [0, 1, 5, 40]) {
    test(`${sessions} sessions fit ${columns} × ${rows}`, () => {
      const lines = renderOverview(daemon, busy(sessions), {columns, rows}).split('\n')
      assert.ok(lines.length < rows, lines.join('\n'))
      for (const line of lines) assert.ok(textWidth(line) <= columns, line)
    })
  }
}

test('the sessions that were used last are shown', () => {
  const text = renderOverview(daemon, busy(40), {columns: 80, rows: 24})
  assert.match(text, /^session +messages +idle +last prompt from cache\nsession-39 +78 +1 s +-\n/m)
  assert.match(text, /^session-38 +76 +2 s +138 tokens \(own slot\)$/m)
  assert.match(text, /\nMore sessions: wnn status sessions$/)
})

test('with many rows all sessions are shown', () => {
  const text = renderOverview(daemon, busy(40), {columns: 80, rows: 100})
  assert.match(text, /^session-0 /m)
  assert.not.match(text, 'More sessions')
})

test('the reports are as wide as the terminal', () => {
  for (const width of [80, 60]) {
    const lines = renderStatus(daemon, busy(3), width).split('\n')
    const long = lines.filter((line) => textWidth(line) > width)
    assert.ok(
      long.every((line) => line.includes('/deep/')),
      long.join('\n'),
    )
  }
})

test('a table that is too wide is a text for each row', () => {
  assert.match(
    renderStatus(daemon, {model: madeUpStatus({path: `/m/${'x'.repeat(40)}.gguf`}).model}, 80),
    /^ {2}graph 0\n {4}name qwen · architecture qwen2 · .* ·\n {4}context .* ·\n {4}path /m,
  )
})

test('findings are broken between words', () => {
  const finding = {level: 'hint', text: 'The context is almost full.', fix: 'Raise model.ctx_size.'} as const
  assert.is(renderFindings([finding], 24), 'hint: The context is\nalmost full.\n  Raise model.ctx_size.')
})

test('a screen has no more than the terminal', () => {
  assert.equal(fitLines('a\nb\nc', {columns: 10, rows: 4}), ['a', 'b', 'c'])
  assert.equal(fitLines('a\nb\nc\nd', {columns: 12, rows: 4}), ['a', 'b', '… 2 more lin'.slice(0, 12)])
  assert.equal(fitLines('123456\n漢字漢', {columns: 5, rows: 9}), ['1234…', '漢字…'])
})
