import {parseArgs} from 'node:util'
import {importBuilt} from './engine/built.js'
import {trained} from './conversations/models.js'
import type {Wnn} from './conversations/open.js'
import {identity, questions, systemPrompt} from './conversations/questions.js'
import {runLongConversation, type LongTurn} from './conversations/run-long-conversation.js'
import {markdownTable, printVerdict, type Requirement} from './conversations/verdict.js'

/**
 * A conversation that is many times as long as its context: `node --import tsx perf/long-conversation.ts`. Needs a
 * build. Answers must stay right, the system prompt must stay in force, and memory of both processes must not grow.
 */
const {values: flags} = parseArgs({
  options: {
    models: {type: 'string', default: Object.keys(trained).join(',')},
    tokens: {type: 'string', default: '12000'},
    context: {type: 'string', default: '1024'},
    'warm-up': {type: 'string', default: '25000'},
  },
})
const mostGrowth = 0.05
/** Memory at the end is compared with memory at this length. */
const settledTokens = 2000
const wnn = await importBuilt<Wnn>('index.js')

const requirements: Requirement[] = []
for (const name of flags.models.split(',')) {
  const model = trained[name]
  if (model === undefined) throw new Error(`--models: there is no ${name}`)
  const turns = await runLongConversation(wnn, {
    ...{model, questions, systemPrompt, contextSize: Number(flags.context), tokens: Number(flags.tokens)},
    warmUpTokens: Number(flags['warm-up']),
  })
  console.log(`\n${name}: ${turns.length} turns\n`)
  console.log(
    markdownTable(['tokens so far', 'right', 'cached share', 'turns uncached', 'host MiB', 'engine MiB'], curve(turns)),
  )
  requirements.push(...judge(name, turns))
}
console.log()
printVerdict(requirements)

/** A row for each thousand tokens. */
function curve(turns: readonly LongTurn[]): (string | number)[][] {
  const thousands = Array.from({length: Math.ceil(Number(flags.tokens) / 1000)}, (_, index) => index)
  return thousands.map((thousand) => {
    const part = turns.filter(({total}) => Math.min(Math.floor(total / 1000), thousands.length - 1) === thousand)
    const sum = (of: (turn: LongTurn) => number): number => part.reduce((total, turn) => total + of(turn), 0)
    const share = sum(({cachedTokens}) => cachedTokens) / sum(({promptTokens}) => promptTokens)
    const resident = part.at(-1)?.resident
    return [
      ...[part.at(-1)?.total ?? '–', `${sum(({right}) => Number(right))} of ${part.length}`],
      // After the oldest turns were cut, most of the prompt is evaluated again.
      ...[`${(share * 100).toFixed(0)} %`, sum((turn) => Number(turn.cachedTokens < turn.promptTokens / 2))],
      ...[mib(resident?.host ?? NaN), mib(resident?.engine ?? NaN)],
    ]
  })
}

function judge(model: string, turns: readonly LongTurn[]): Requirement[] {
  const wrong = turns.filter(({right}) => !right).map(({question, answer}) => `${question.text} ${answer}`)
  const last = turns.findLast(({question}) => question === identity)
  const before = turns.find(({total}) => total >= settledTokens)
  const [from, to] = [before, turns.at(-1)].map((turn) => (turn?.resident.host ?? NaN) + (turn?.resident.engine ?? NaN))
  const growth = (to ?? NaN) / (from ?? NaN) - 1
  return [
    {text: `${model}: every answer is right ${wrong.slice(0, 3).join(', ')}`.trim(), met: wrong.length === 0},
    {text: `${model}: at ${last?.total ?? 0} tokens: "${last?.answer ?? ''}"`, met: last?.right === true},
    {
      text: `${model}: ${mib(from ?? NaN)} MiB at ${settledTokens} tokens, ${mib(to ?? NaN)} at the end: ${(growth * 100).toFixed(1)} %`,
      met: Math.abs(growth) <= mostGrowth,
    },
  ]
}

function mib(bytes: number): string {
  return (bytes / 1024 ** 2).toFixed(1)
}
