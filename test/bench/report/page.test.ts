import * as assert from 'uvu/assert'
import {renderReport} from '../../../src/bench/report/index.js'
import {mostRuns} from '../../../src/bench/report/sections/history.js'
import type {BenchResult} from '../../../src/bench/result.js'
import {suite} from '../../support/suite.js'
import {compared, fullResult} from '../support/full-result.js'
import {resultOf, seriesOf} from '../support/result.js'

const test = suite('pages of wnn bench')

const hostile = `</title><script>alert(1)</script><img src=x onerror="alert('2')">&amp;`
const names = ['plain', hostile]

/** Every element that the page has, without comments and text. */
function tagsOf(page: string): string[] {
  return [...new Set([...page.matchAll(/<([a-z][\w-]*)/g)].map(([, tag]) => tag ?? ''))]
}

test('a page has no script, and no address that would be loaded', () => {
  const page = renderReport([
    compared(fullResult({names, repetitions: 6}), fullResult({names, repetitions: 6, seed: 2})),
  ])
  for (const tag of ['script', 'img', 'link', 'iframe', 'object', 'base'])
    assert.not.ok(tagsOf(page).includes(tag), tag)
  const addresses = [...page.matchAll(/(?:href|src|srcset|data|action)="([^"]*)"/g)].map(([, address]) => address ?? '')
  assert.ok(addresses.length > 0 && addresses.every((address) => address.startsWith('#')))
  assert.not.match(page, /url\(|@import/)
  assert.not.match(page, /NaN|Infinity|undefined|\[object/)
})

test('names are text wherever they come, and the command line, warnings and paths too', () => {
  const result = fullResult({names, repetitions: 6})
  const page = renderReport([{...result, command: ['wnn', hostile], warnings: [hostile], incomplete_reason: hostile, complete: false}]) // prettier-ignore
  assert.not.ok(page.includes('<script') || page.includes('onerror="'))
  assert.ok(page.includes('&lt;/title&gt;&lt;script&gt;alert(1)&lt;/script&gt;'))
})

test('what links and describes is there once', () => {
  const page = renderReport([fullResult({names, repetitions: 3}), fullResult({names, repetitions: 3, seed: 2})])
  const ids = [...page.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id ?? '')
  assert.is(new Set(ids).size, ids.length)
  const meant = [...page.matchAll(/(?:aria-labelledby="([^"]*)"|href="#([^"]*)")/g)]
  for (const id of meant.flatMap(([, labels = '', link = '']) => `${labels} ${link}`.trim().split(' '))) {
    assert.ok(ids.includes(id), id)
  }
  const drawings = [...page.matchAll(/<svg [^>]*role="img"[^>]*><title [^>]*>[^<]+<\/title><desc [^>]*>[^<]+<\/desc>/g)]
  assert.is(drawings.length, [...page.matchAll(/<svg [^>]*role="img"/g)].length)
  assert.ok(drawings.length > 30)
})

test('the table has every statistic of every metric', () => {
  const result = resultOf([seriesOf('m', 'tg', [98.5, 103, 101.3, 99, 110])])
  const summary = result.series[0]?.summary
  assert.ok(summary)
  const [row = ''] = /<tr><th scope="row" class="words">tg128[^]*?<\/tr>/.exec(renderReport([result])) ?? []
  const cells = [...row.matchAll(/<t[hd][^>]*>([^<]*)</g)].map(([, cell]) => cell)
  assert.equal(cells.slice(0, 5), ['tg128', 'tg, tokens/s', 'm', '5', '101.3'])
  assert.is(cells[5], `${summary.ci_low.toFixed(2)} to ${summary.ci_high.toFixed(1)}`)
  assert.equal(cells.slice(6), [summary.p95.toFixed(1), '98.50', '110.0', '102.4', '4.64'])
})

test('everything that it takes to measure it again is there', () => {
  const page = renderReport([fullResult({names: ['m'], repetitions: 2})])
  for (const text of [
    '/models/m.gguf',
    'ab'.repeat(32),
    '0/25',
    'linux',
    '1 GiB',
    '0.00 before, 1.00 after',
    'model.threads',
    'wnn bench',
  ]) {
    // prettier-ignore
    assert.ok(page.includes(`>${text}<`), text)
  }
})

const odd: [what: string, result: BenchResult, text: RegExp][] = [
  ['without a single value', resultOf([], {complete: false, incomplete_reason: 'Interrupted.'}), /Nothing was measured/],
  ['that was cut short', {...fullResult({names, repetitions: 1}), complete: false, incomplete_reason: 'Why.'}, /<b>Incomplete\.<\/b> Why\./],
  ['of single values', fullResult({names, repetitions: 1}), /\(n = 1\)/],
  ['with values of 0', resultOf([seriesOf('m', 'itl', [0, 0])]), /0\.00 \(0\.00 to 0\.00\)/],
  ['without raw samples', {...fullResult({names, repetitions: 4}), samples: []}, /this result does not have the single requests/],
  ['whose metric is not known here', resultOf([seriesOf('m', 'novel', [1, 2])]), /<b>tg128 · novel<\/b> novel, ms/],
  ['with a baseline that has nothing of it', compared(fullResult({names, repetitions: 5}), resultOf([])), /Only in one of the two results/],
] // prettier-ignore
for (const [what, result, text] of odd) {
  test(`a result ${what} is shown as it is`, () => {
    const page = renderReport([result])
    assert.match(page, text)
    assert.not.match(page, /NaN|Infinity|undefined/)
  })
}

test('runs over time are drawn by their numbers, and the last one in full', () => {
  const runs = [100, 110, 90].map((rate, day) =>
    resultOf([seriesOf('m', 'tg', [rate, rate])], {date: `2026-01-0${day + 1}T00:00:00.000Z`}),
  )
  const page = renderReport(runs)
  assert.match(page, /m: 100\.0 tokens\/s at run 1, 110\.0 tokens\/s at run 2, 90\.00 tokens\/s at run 3\./)
  assert.match(page, /Last of 3 runs, <time[^>]*>2026-01-03 00:00 UTC/)
  assert.match(page, /<td class="number">-10\.0 %, worse<\/td>/)
})

test('of very many runs the last are drawn, by the numbers that they have', () => {
  const runs = Array.from({length: mostRuns + 20}, () => resultOf([seriesOf('m', 'tg', [100, 101])]))
  const page = renderReport(runs)
  assert.match(page, new RegExp(`The last ${mostRuns} of ${mostRuns + 20} runs`))
  assert.match(page, /m, run 21: /)
  assert.not.match(page, /m, run 20: /)
})

test('a hundred thousand raw values do not make the page long', () => {
  const result = fullResult({names: ['m'], repetitions: 2})
  const samples = result.samples.map((sample) => ({
    ...sample,
    requests: sample.requests.map((one) => ({
      ...one,
      gaps_ms: Array.from({length: 5000}, (_, gap) => 1 + (gap % 777)),
    })),
  }))
  const page = renderReport([{...result, samples}])
  assert.match(page, /n 160,000, drawn by 201 quantiles/)
  assert.ok(page.length < 500_000, String(page.length))
})
