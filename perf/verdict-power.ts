import {seededRandom} from '../src/system/random.js'
import {judge, judgeRatio} from '../src/bench/compare.js'
import {pairedRatio, summarize} from '../src/bench/statistics.js'

/**
 * How often a slow-down of 10 % is found, and one where there is none, by the scatter and the number of values:
 * `node --import tsx perf/verdict-power.ts`. The values are simulated, with normal noise that the two halves of a round
 * do not share. The limit is 5 %.
 */
const trials = 200
const bootstrap = {confidence: 0.95, resamples: 500, seed: 1}
const random = seededRandom(5)

/** Normal noise (Box and Muller). */
function noisy(count: number, mean: number, scatter: number): Parameters<typeof judge>[0] {
  const values = Array.from({length: count}, () => {
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
    return mean * (1 + scatter * normal)
  })
  return {better: 'higher', values, summary: summarize(values, bootstrap)}
}

function worseOf(count: number, scatter: number, mean: number, way: 'as two runs' | 'round by round'): string {
  const verdicts = Array.from({length: trials}, () => {
    const [before, now] = [noisy(count, 100, scatter), noisy(count, mean, scatter)]
    if (way === 'as two runs') return judge(before, now, 0.05, bootstrap)
    const pairs = now.values.map((value, round) => [value, before.values[round] ?? NaN] as const)
    return judgeRatio({n: count, ...pairedRatio(pairs, bootstrap)}, 'higher', 0.05)
  })
  return `${((100 * verdicts.filter(({verdict}) => verdict === 'worse').length) / trials).toFixed(1)} %`
}

console.log('| repetitions | scatter | judged | slow-downs found | found where there is none |')
console.log('|---|---|---|---|---|')
for (const way of ['as two runs', 'round by round'] as const) {
  for (const count of [5, 10, 15, 20]) {
    for (const scatter of [0.02, 0.03, 0.05, 0.1]) {
      const [found, mistaken] = [100 / 1.1, 100].map((mean) => worseOf(count, scatter, mean, way))
      console.log(`| ${count} | ${scatter * 100} % | ${way} | ${found} | ${mistaken} |`)
    }
  }
}
