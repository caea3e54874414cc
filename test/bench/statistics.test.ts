import * as assert from 'uvu/assert'
import {medianInterval, pairedRatio, quantile, ratioInterval, summarize} from '../../src/bench/statistics.js'
import {suite} from '../support/suite.js'

const test = suite('statistics')
const bootstrap = {confidence: 0.95, resamples: 2000, seed: 1}

const near = (value: number, expected: number, tolerance = 1e-12): void =>
  assert.ok(Math.abs(value - expected) <= tolerance * Math.abs(expected), `${value} is not ${expected}`)

// NumPy 2.4.6: for each x the values of np.median(x), np.quantile(x, .95), np.mean(x), np.std(x, ddof=1).
const fixed: [what: string, x: number[], median: number, p95: number, mean: number, stdev: number][] = [
  ['five values', [12.5, 11.9, 13.1, 12.2, 19.4], 12.5, 18.139999999999997, 13.819999999999999, 3.150714204747869],
  [
    'eight values',
    [3.2, 1.1, 4.8, 2.9, 3.3, 3.0, 2.7, 9.9],
    3.1,
    8.114999999999998,
    3.8625000000000003,
    2.6386887977608446,
  ],
  [
    'twenty values',
    [
      ...[100.004, 100.896, 99.178, 97.328, 98.636, 97.025, 100.18, 104.021, 98.523, 98.139],
      ...[101.47, 101.071, 100.316, 97.209, 99.912, 102.086, 95.967, 98.627, 94.296, 96.131],
    ],
    98.907,
    102.18275,
    99.05075000000002,
    2.343692697545118,
  ],
]
for (const [what, x, median, p95, mean, stdev] of fixed) {
  test(`of ${what} are NumPy's`, () => {
    const summary = summarize(x, bootstrap)
    near(summary.median, median)
    near(summary.p95, p95)
    near(summary.mean, mean)
    near(summary.stdev, stdev)
    assert.equal([summary.n, summary.min, summary.max], [x.length, Math.min(...x), Math.max(...x)])
  })
}

// rng = np.random.default_rng(1); m = lambda v: np.median(rng.choice(v, (200000, 10)), axis=1)
// np.quantile(m(x), [.025, .975]) and np.quantile(m(x) / m(y), [.025, .975])
const x = [12.5, 11.9, 13.1, 12.2, 19.4, 12.9, 12.4, 12.7, 12.0, 13.3]
const y = [11.1, 10.9, 11.8, 11.2, 10.7, 11.5, 11.4, 11.0, 12.1, 11.3]

test("bootstrap intervals are NumPy's, as near as 2,000 drawings come to 200,000", () => {
  const [low, high] = medianInterval(x, bootstrap)
  near(low, 12.2, 0.01)
  near(high, 13.1, 0.01)
  const [ratioLow, ratioHigh] = ratioInterval(x, y, bootstrap)
  near(ratioLow, 1.07079646, 0.01)
  near(ratioHigh, 1.17647059, 0.01)
})

// rng = np.random.default_rng(1); r = np.array(x) / np.array(y); np.median(r), np.quantile(m(r), [.025, .975])
test("the interval of pairs is NumPy's too", () => {
  const {ratio, ci_low, ci_high} = pairedRatio(
    x.map((above, round) => [above, y[round] ?? NaN] as const),
    bootstrap,
  )
  near(ratio, 1.1159543109801031)
  near(ci_low, 1.08928571, 0.01)
  near(ci_high, 1.15454545, 0.01)
})

test('the same seed gives the same interval', () => {
  assert.equal(medianInterval(x, bootstrap), medianInterval(x, bootstrap))
})

test('a single value is its own interval, without deviation', () => {
  const {median, ci_low, ci_high, p95, stdev} = summarize([7], bootstrap)
  assert.equal([median, ci_low, ci_high, p95, stdev], [7, 7, 7, 7, 0])
})

test('the order of values does not matter', () => assert.is(quantile([9, 1, 5], 0.5), 5))
