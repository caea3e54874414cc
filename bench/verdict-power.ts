import {seededRandom} from '../src/backend/engine/sampling/random.js'
import {judge} from '../src/bench/compare.js'
import {summarize} from '../src/bench/statistics.js'

/**
 * How often a slow-down of 10 % is found, and one where there is none, by how much values scatter and how many there are:
 * `node --import tsx bench/verdict-power.ts`. Made-up values with normal noise; the limit is 5 %.
 */
const trials = 200
const bootstrap = {confidence: 0.95, resamples: 500, seed: 1}
const random = seededRandom(5)

/** Normal noise by Box and Muller. */
function noisy(count: number, mean: number, scatter: number): Parameters<typeof judge>[0] {
  const values = Array.from({length: count}, () => {
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
    return mean * (1 + scatter * normal)
  })
  return {better: 'higher', values, summary: summarize(values, bootstrap)}
}

function worseOf(count: number, scatter: number, mean: number): string {
  const verdicts = Array.from({length: trials}, () =>
    judge(noisy(count, 100, scatter), noisy(count, mean, scatter), 0.05, bootstrap),
  )
  return `${((100 * verdicts.filter(({verdict}) => verdict === 'worse').length) / trials).toFixed(1)} %`
}

console.log('| repetitions | scatter | slow-downs found | found where there is none |')
console.log('|---|---|---|---|')
for (const count of [5, 10, 15]) {
  for (const scatter of [0.02, 0.03, 0.05]) {
    console.log(
      `| ${count} | ${scatter * 100} % | ${worseOf(count, scatter, 100 / 1.1)} | ${worseOf(count, scatter, 100)} |`,
    )
  }
}
