import * as assert from 'uvu/assert'
import {renderFindings, renderFindingsLine, renderLine, renderStatus} from '../../../src/cli/status/render.js'
import {bytes, duration, table} from '../../../src/terminal/units.js'
import {suite} from '../../support/suite.js'
import {madeUpStatus} from './made-up-status.js'

const test = suite('status for people')

const daemon = {
  ...{pid: 7, socket: '/run/s', version: '1', uptime_ms: 61_000, state: 'running' as const, clients: 2, calls: 0},
}

test('has units, aligned columns and no codes', () => {
  const text = renderStatus(daemon, madeUpStatus())
  assert.match(text, /^daemon running for 1 min 1 s, process 7, 2 clients, \/run\/s\n\nqueue\n/)
  assert.match(text, /^ {2}graph {2}process {2}resident {2}model/m)
  assert.match(text, /^ {2}0 {6}42 {7}100 MiB {3}4\.8 MiB/m)
  assert.match(text, /88 tokens\/s/)
  assert.not.match(text, /\u001b| $/m)
})

test('of one type has no other', () => {
  const {queue} = madeUpStatus()
  assert.not.match(renderStatus(daemon, {queue}), /memory|model/)
})

test('is one line for a log', () => {
  const line = '0 running · 0 waiting · 20 answered · 0 failed · 0 sessions · 88 tokens/s · 190 MiB'
  const {queue, memory, sessions, performance, model} = madeUpStatus()
  assert.is(renderLine(madeUpStatus()), line)
  assert.equal(
    [{queue}, {memory}, {sessions}, {performance}, {model: {...model, graphs: []}}].map((part) => renderLine(part)),
    ['0 running · 0 waiting · 20 answered · 0 failed', '190 MiB', '0 sessions', '88 tokens/s', 'none loaded'],
  )
  assert.is(renderLine({model}), `${model.graphs[0]?.name ?? ''} (graph 0)`)
  const slow = {level: 'hint', text: 'Slow.', fix: 'Hurry.'} as const
  assert.is(renderFindingsLine([slow, slow]), 'hint: Slow. · Hurry. · hint: Slow. · Hurry.')
})

test('findings have what to do below them', () => {
  assert.is(renderFindings([]), 'Nothing is wrong.')
  assert.is(renderFindings([{level: 'hint', text: 'Slow.', fix: 'Hurry.'}]), 'hint: Slow.\n  Hurry.')
})

test('sizes and times have the unit that suits them', () => {
  assert.equal([0, 1023, 1536, 96 * 1024 ** 2, 5e12].map(bytes), ['0 B', '1023 B', '1.5 KiB', '96 MiB', '4.5 TiB'])
  assert.equal([0, 0.4, 45, 1200, 185_000, 7_500_000, 2e8].map(duration), [
    ...['0 ms', '0.4 ms', '45 ms', '1.2 s', '3 min 5 s', '2 h 5 min', '2 d 7 h'],
  ])
})

test('a table is as wide as its cells', () => {
  assert.equal(
    table([
      ['a', 'bb'],
      ['ccc', 'd', 'e'],
    ]),
    ['a    bb', 'ccc  d   e'],
  )
})
