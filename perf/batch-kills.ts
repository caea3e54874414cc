import {mkdtempSync, rmSync} from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import {parseArgs} from 'node:util'
import {killAndResume} from './batch/kill-and-resume.js'
import {trained} from './conversations/models.js'
import {printVerdict} from './conversations/verdict.js'
import {seededRandom} from '../src/system/random.js'

/**
 * Kills a batch with SIGKILL at random moments, resumes it each time, and compares it with an undisturbed batch:
 * `node --import tsx perf/batch-kills.ts`. Needs a build. Every item must have one row, with the same answer.
 */
const {values: flags} = parseArgs({
  options: {
    model: {type: 'string', default: 'qwen'},
    items: {type: 'string', default: '2000'},
    kills: {type: 'string', default: '10'},
    order: {type: 'string', default: 'input'},
    concurrency: {type: 'string', default: '4'},
    seed: {type: 'string', default: '1'},
  },
})
const model = trained[flags.model]
if (model === undefined) throw new Error(`--model: there is no ${flags.model}`)
const [items, kills, concurrency, seed] = [flags.items, flags.kills, flags.concurrency, flags.seed].map(Number) as [
  number,
  number,
  number,
  number,
]
const order = flags.order === 'completion' ? 'completion' : 'input'
const folder = mkdtempSync(path.join(os.tmpdir(), 'wnn-bench-'))
try {
  const random = seededRandom(seed)
  const report = await killAndResume({
    folder,
    model,
    items,
    kills,
    order,
    concurrency,
    random,
    alsoWhileStarting: true,
    shown: true,
  })
  const {rows, wrongIds, otherAnswers, rowsAtKills, sameOrder, exitCode, undisturbedMs} = report
  console.log(`undisturbed: ${(undisturbedMs / 1000).toFixed(1)} s; rows at the kills: ${rowsAtKills.join(', ')}\n`)
  printVerdict([
    {text: `${rows} rows for ${items} items`, met: rows === items},
    {text: `${wrongIds.length} ids with no row or with several`, met: wrongIds.length === 0},
    {text: `${otherAnswers.length} answers differ from the undisturbed run's`, met: otherAnswers.length === 0},
    {text: `the last run exits with ${String(exitCode)}`, met: exitCode === 0},
    {
      text: `order ${order}: rows are ${sameOrder ? '' : 'not '}in the order of the undisturbed run`,
      met: sameOrder || order === 'completion',
    },
  ])
} finally {
  rmSync(folder, {recursive: true, force: true})
}
