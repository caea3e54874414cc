import * as assert from 'uvu/assert'
import {compareWithFirst} from '../../src/bench/compare.js'
import {figure} from '../../src/bench/render/cells.js'
import {renderCsv} from '../../src/bench/render/csv.js'
import {renderMarkdown} from '../../src/bench/render/markdown.js'
import {renderText} from '../../src/bench/render/text.js'
import {renderReport} from '../../src/bench/report/index.js'
import {blockLine, renderTrend} from '../../src/bench/render/trend.js'
import {suite} from '../support/suite.js'
import {besideOf, resultOf, seriesOf} from './support/result.js'

const test = suite('results of wnn bench')
const fast = seriesOf('A', 'tg', [100, 100, 100])
const slow = seriesOf('B', 'tg', [80, 80, 80])

test('figures have the digits that a measured number is good for', () => {
  assert.equal([2063.4, 141.23, 7.854, 0.41237, 0].map(figure), ['2,063', '141.2', '7.85', '0.412', '0.00'])
})

test('subjects stand side by side, with what they are to the first', () => {
  const text = renderText(resultOf(besideOf(fast, slow)))
  assert.match(text, /^test +metric +A +B +to the first$/m)
  assert.match(
    text,
    /^tg128 +tg, tokens\/s +100\.0 \(100\.0 to 100\.0\) +80\.00 \(80\.00 to 80\.00\) +× 0\.800 \(0\.800 to 0\.800\)$/m,
  )
})

test('on a narrow terminal they stand below each other', () => {
  const lines = renderText(resultOf(besideOf(fast, slow)), 60).split('\n')
  const start = lines.indexOf('tg128  tg, tokens/s')
  assert.equal(lines.slice(start + 1, start + 4), [
    '  A             100.0 (100.0 to 100.0)',
    '  B             80.00 (80.00 to 80.00)',
    '  to the first  × 0.800 (0.800 to 0.800)',
  ])
})

for (const width of [60, 80]) {
  test(`everything fits ${width} columns`, () => {
    const result = resultOf(besideOf(fast, slow), {complete: false, incomplete_reason: 'word '.repeat(30).trim()})
    result.comparison = compareWithFirst(result, 0.05, {confidence: 0.95, resamples: 200, seed: 1})
    result.comparison.missing.push('tg4096 @ d8192, inter-token latency of the first subject in the other result')
    result.machine.cpu = 'A Processor With A Long Name And A Frequency @ 2.80GHz'
    const runs = [10, 20, 8].map((ms, day) => resultOf([seriesOf('A', 'itl', [ms])], {date: `2026-01-0${day + 1}`}))
    for (const text of [renderText(result, width), renderTrend(runs, width)]) {
      for (const line of text.split('\n')) assert.ok(line.length <= width, line)
    }
  })
}

test('on a narrow terminal verdicts stand below each other, too', () => {
  const result = resultOf(besideOf(fast, slow))
  result.comparison = compareWithFirst(result, 0.05, {confidence: 0.95, resamples: 200, seed: 1})
  assert.match(
    renderText(result, 60),
    /^ {2}tg128 {2}tg\n {4}baseline +100\.0\n {4}now +80\.00\n {4}change +-20\.0 %\n/m,
  )
})

test('what one of them lacks is a dash', () => {
  const text = renderText(resultOf([fast, slow, seriesOf('A', 'itl', [10, 10])]))
  assert.match(text, /^tg128 +itl, ms +10\.00 \(10\.00 to 10\.00\) +–$/m)
})

test('what was compared within the run says so in every form', () => {
  const result = resultOf(besideOf(fast, slow))
  result.comparison = compareWithFirst(result, 0.05, {confidence: 0.95, resamples: 200, seed: 1})
  assert.match(
    renderText(result),
    /^Against A, round by round:\nB\n {2}test +metric +baseline .*\n {2}tg128 +tg +100\.0 +80\.00 +-20\.0 % .* inconclusive$/m,
  )
  assert.match(renderMarkdown(result), /^Against A, round by round:$/m)
  assert.match(renderReport([result]), /The baseline is <code>A<\/code>, measured in turn with the others\./)
})

test('a result that was cut short says so in every form for people', () => {
  const cut = resultOf([fast], {complete: false, incomplete_reason: 'Interrupted.'})
  assert.match(renderText(cut), /^Incomplete: Interrupted\.$/m)
  assert.match(renderMarkdown(cut), /^\*\*Incomplete\*\*: Interrupted\.$/m)
})

test('Markdown keeps names from being markup', () => {
  assert.match(renderMarkdown(resultOf([seriesOf('a|b*', 'tg', [1])])), /\*\*a\\\|b\\\*\*\*/)
})

test('CSV quotes what has commas and quotes', () => {
  const [header, line] = renderCsv(resultOf([seriesOf('a "b", c', 'tg', [1, 3])])).split('\r\n')
  assert.is(header, 'date,subject,test,metric,unit,n,median,ci_low,ci_high,p95,min,max,mean,stdev,values')
  assert.match(line ?? '', /^2026-01-02T03:04:05\.000Z,"a ""b"", c",tg128,tg,tokens\/s,2,2,.*,1 3$/)
})

test('a trend has first, last and change, and says which is better', () => {
  const runs = [10, 20, 8].map((ms, day) => resultOf([seriesOf('A', 'itl', [ms])], {date: `2026-01-0${day + 1}`}))
  const lines = renderTrend(runs).split('\n')
  assert.is(lines[0], '3 runs, 2026-01-01 to 2026-01-03')
  assert.match(lines.at(-1) ?? '', /^A +tg128 +itl, ms +3 +10\.00 +8\.00 +-20\.0 %, better +▂█▁$/)
})

test('values that are all alike are a level line', () => assert.is(blockLine([5, 5, 5]), '▄▄▄'))
