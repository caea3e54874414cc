import {parseArgs} from 'node:util'
import {importBuilt} from './engine/built.js'
import {largestOvertaking, mostTurnsWhileOneWaited} from './conversations/fairness.js'
import {trained} from './conversations/models.js'
import {names} from './conversations/names.js'
import type {Wnn} from './conversations/open.js'
import {runSessions, type SessionsRun} from './conversations/run-sessions.js'
import {percentile} from './conversations/statistics.js'
import {markdownTable, printVerdict, type Requirement} from './conversations/verdict.js'

/**
 * Many sessions on few slots. Each must remember its own name: `node --import tsx perf/sessions.ts`. Needs a build.
 * With one level of priority, a task must be served before any that arrives `priority_aging_ms` later, and no other
 * session may be served twice while it waits.
 */
const {values: flags} = parseArgs({
  options: {
    models: {type: 'string', default: Object.keys(trained).join(',')},
    sessions: {type: 'string', default: '120'},
    slots: {type: 'string', default: '8'},
    questions: {type: 'string', default: '3'},
    'cache-tokens': {type: 'string', default: '10000'},
    seed: {type: 'string', default: '1'},
  },
})
const [sessions, slots, questions, seed, cacheTokens] = (
  ['sessions', 'slots', 'questions', 'seed', 'cache-tokens'] as const
).map((name) => Number(flags[name])) as [number, number, number, number, number]
if (sessions > names.length) throw new Error(`--sessions: there are ${names.length} names`)
const wnn = await importBuilt<Wnn>('index.js')

const rows: (string | number)[][] = []
const requirements: Requirement[] = []
for (const name of flags.models.split(',')) {
  const model = trained[name]
  if (model === undefined) throw new Error(`--models: there is no ${name}`)
  const run = await runSessions(wnn, {model, names: names.slice(0, sessions), slots, questions, cacheTokens, seed})
  rows.push([name, ...figures(run)])
  requirements.push(...judge(name, run))
}
const header = [
  'model',
  'right answers',
  'errors',
  'wait p50 / p95 / max, ms',
  'overtaken by, ms',
  'turns while waiting',
]
console.log(markdownTable([...header, 'slot / shared / saved / none', 'cached tokens'], rows))
printVerdict(requirements)

function figures({asked, turns, errors, caches}: SessionsRun): (string | number)[] {
  const waits = turns.map(({arrivedAt, startedAt}) => startedAt - arrivedAt)
  const sum = (of: (one: SessionsRun['asked'][number]) => number): number =>
    asked.reduce((total, one) => total + of(one), 0)
  const cached = sum(({answer}) => answer.metadata.cached_tokens)
  const prompts = sum(({answer}) => answer.metadata.input_tokens)
  return [
    ...[`${asked.filter(({right}) => right).length} of ${sessions * questions}`, errors.length],
    [percentile(waits, 0.5), percentile(waits, 0.95), Math.max(...waits)].map((ms) => ms.toFixed(0)).join(' / '),
    ...[largestOvertaking(turns).toFixed(0), mostTurnsWhileOneWaited(turns)],
    ['slot', 'shared', 'saved', 'none'].map((where) => caches[where] ?? 0).join(' / '),
    `${cached} of ${prompts} (${((cached / prompts) * 100).toFixed(0)} %)`,
  ]
}

function judge(model: string, {asked, turns, errors, agingMs}: SessionsRun): Requirement[] {
  const wrong = asked.filter(({right}) => !right).map(({name, answer}) => `${name}: ${answer.text}`)
  const answered = asked.length === sessions * questions
  return [
    {
      text: `${model}: every answer is right ${wrong.slice(0, 3).join(', ')}`.trim(),
      met: answered && wrong.length === 0,
    },
    {text: `${model}: no error ${errors[0] ?? ''}`.trim(), met: errors.length === 0},
    {text: `${model}: no task is overtaken by ${agingMs} ms or more`, met: largestOvertaking(turns) < agingMs},
    {text: `${model}: sessions take turns`, met: mostTurnsWhileOneWaited(turns) <= 1},
  ]
}
