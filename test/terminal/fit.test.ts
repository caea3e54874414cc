import * as assert from 'uvu/assert'
import {facts, flow, tableOrList, tableOrTexts} from '../../src/terminal/fit.js'
import {suite} from '../support/suite.js'

const test = suite('texts that fit a terminal')

test('a long text continues below its start', () => {
  const rows = [
    ['queue', '1 running, 0 of 50 waiting'],
    ['', 'of which 0 urgent'],
  ] as const
  assert.equal(facts(rows), ['queue  1 running, 0 of 50 waiting', '       of which 0 urgent'])
  assert.equal(facts(rows, 32), ['queue  1 running, 0 of 50', '       waiting', '       of which 0 urgent'])
  assert.equal(facts(rows, 20), ['queue', '  1 running, 0 of 50', '  waiting', '  of which 0 urgent'])
})

const rows = [
  ['test', 'metric', 'median', 'n'],
  ['tg128', 'tg, tokens/s', '100.0', '5'],
  ['tg128', 'itl, ms', '', '5'],
]

test('a table that is too wide becomes a list', () => {
  assert.is(tableOrList(rows, {width: 80})[0], 'test   metric        median  n')
  assert.equal(tableOrList(rows, {width: 20, titles: 2, indent: '  '}), [
    '  tg128  tg, tokens/s',
    '    median',
    '      100.0',
    '    n',
    '      5',
    '  tg128  itl, ms',
    '    n',
    '      5',
  ])
})

test('or texts, one for each row', () => {
  assert.equal(tableOrTexts(rows, 29).slice(0, 3), ['test tg128', '  metric tg, tokens/s ·', '  median 100.0 · n 5'])
  assert.equal(tableOrTexts([], 10), [])
})

test('short texts are broken after their dots, not inside', () => {
  const parts = ['60 tokens', '740 tok/s', 'first after 12 ms']
  assert.equal(flow(parts, Infinity), ['60 tokens · 740 tok/s · first after 12 ms'])
  assert.equal(flow(parts, 41), ['60 tokens · 740 tok/s ·', 'first after 12 ms'])
  assert.equal(flow(parts, 20), ['60 tokens ·', '740 tok/s ·', 'first after 12 ms'])
  assert.equal(flow([], 20), [])
})
