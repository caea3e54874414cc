import {parseArgs} from 'node:util'
import {cachedShare} from './conversations/cache-simulation.js'
import {traces} from './conversations/cache-traces.js'
import {seededRandom} from './conversations/statistics.js'
import {markdownTable, printVerdict} from './conversations/verdict.js'

/**
 * The share of prompt tokens that each strategy for saved caches saves, on traces of returning sessions:
 * `node --import tsx perf/cache-strategies.ts`. It simulates the code that decides, without a model. Shares are means
 * over several seeds.
 */
const {values: flags} = parseArgs({
  options: {
    visits: {type: 'string', default: '10000'},
    seeds: {type: 'string', default: '5'},
    slots: {type: 'string', default: '4'},
    tokens: {type: 'string', default: '10000'},
    context: {type: 'string', default: '2048'},
  },
})
const strategies = ['lru', 'fifo', 'smart'] as const
const size = {slots: Number(flags.slots), maxTokens: Number(flags.tokens), contextSize: Number(flags.context)}

const results = Object.entries(traces).map(([name, trace]) => {
  const shares = strategies.map((strategy) => {
    const seeds = Array.from({length: Number(flags.seeds)}, (_, seed) => seed + 1)
    const all = seeds.map((seed) => cachedShare(trace(Number(flags.visits), seededRandom(seed)), strategy, size))
    return all.reduce((sum, share) => sum + share, 0) / all.length
  })
  return {name, shares: Object.fromEntries(strategies.map((strategy, at) => [strategy, shares[at] ?? NaN]))}
})
const percent = (share = NaN): string => `${(share * 100).toFixed(1)} %`
const rows = results.map(({name, shares}) => [
  name,
  ...strategies.map((strategy) => percent(shares[strategy])),
  ((shares.smart ?? NaN) / (shares.lru ?? NaN)).toFixed(2),
])
console.log(
  `Prompt tokens that came from a cache\n\n${markdownTable(['', ...strategies, 'smart, ratio to lru'], rows)}\n`,
)
const wins = results.filter(({shares}) => (shares.smart ?? 0) > 1.02 * (shares.lru ?? 1))
printVerdict([{text: `smart wins on: ${wins.map(({name}) => name).join('; ')}`, met: wins.length > 0}])
