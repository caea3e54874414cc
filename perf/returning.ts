import {mkdtemp, rm} from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import {parseArgs} from 'node:util'
import {trained} from './conversations/models.js'
import {open, type Answer, type Opened, type Wnn} from './conversations/open.js'
import {markdownTable, printVerdict} from './conversations/verdict.js'
import {importBuilt} from './engine/built.js'
import {median} from './engine/table.js'
import {cachedModel} from './model/write-model.js'

/**
 * The time to the first token of a long conversation whose model was away: `node --import tsx perf/returning.ts`. Needs
 * a build. A round has a warm turn, one after a switch to another model and back, and one in a new backend with the
 * same state folder.
 */
const most = 1.3
const {values: flags} = parseArgs({
  options: {
    model: {type: 'string', default: 'qwen,bench'},
    tokens: {type: 'string', default: '1500'},
    rounds: {type: 'string', default: '5'},
  },
})
const [tokens, rounds] = [Number(flags.tokens), Number(flags.rounds)]
const {qwen = '', phi3 = ''} = trained
const session = 'returning'
const question = 'What is my name?'
const moments = ['warm', 'switched back', 'restarted', 'without a cache'] as const
type Moment = (typeof moments)[number]

const wnn = await importBuilt<Wnn>('index.js')
const requirements = []
for (const name of flags.model.split(',')) {
  const model = name === 'bench' ? await cachedModel('bench') : (trained[name] ?? name)
  const found: Record<Moment, Answer[]> = {warm: [], 'switched back': [], restarted: [], 'without a cache': []}
  for (let round = 0; round < rounds; round++) await runRound(model, found)
  const firstTokenMs = (moment: Moment): number => median(found[moment].map(({metadata}) => metadata.ttft_ms))
  const rows = moments.map((moment) => {
    const {input_tokens = NaN, cached_tokens = NaN} = found[moment].at(-1)?.metadata ?? {}
    const ratio = firstTokenMs(moment) / firstTokenMs('warm')
    return [moment, input_tokens, cached_tokens, firstTokenMs(moment).toFixed(1), ratio.toFixed(2)]
  })
  console.log(`\n${name}\n\n${markdownTable(['', 'prompt', 'cached', 'ttft, ms', 'ratio to warm'], rows)}`)
  for (const moment of ['switched back', 'restarted'] as const) {
    const ratio = firstTokenMs(moment) / firstTokenMs('warm')
    requirements.push({text: `${name}: ${moment}, ${ratio.toFixed(2)} of a warm turn`, met: ratio <= most})
  }
}
console.log()
printVerdict(requirements)

async function runRound(model: string, found: Record<Moment, Answer[]>): Promise<void> {
  const stateDir = await mkdtemp(path.join(os.tmpdir(), 'wnn-bench-'))
  // All answers have the same length, so that the four prompts are alike.
  const options = {n_predict: 8, ignore_eos: true}
  const ask = async (opened: Opened, id: string | undefined, prompt: string): Promise<Answer> => {
    const {backend, graph} = opened
    const context =
      id === undefined
        ? await backend.initExecutionContext(graph)
        : await backend.initExecutionContextWithSessionId(graph, id)
    const answer = await opened.ask(context, prompt, options)
    await backend.closeExecutionContext(context)
    return answer
  }
  // The other model is a tiny one. It does not matter which.
  const other = model === phi3 ? qwen : phi3
  const config = {ctx_size: 2 * tokens, parallel: 2, logging: {level: 'warn'}}
  try {
    {
      await using opened = await open(wnn, model, config, {stateDir})
      const {backend, graph} = opened
      // Leaves room for the short turns that are measured.
      await ask(opened, session, await textOf(opened, tokens - 200))
      await ask(opened, session, question)
      found.warm.push(await ask(opened, session, question))
      await backend.switchGraph(graph, other)
      await ask(opened, undefined, question)
      await backend.switchGraph(graph, model)
      found['switched back'].push(await ask(opened, session, question))
    }
    {
      await using opened = await open(wnn, model, config, {stateDir})
      found.restarted.push(await ask(opened, session, question))
    }
    await using opened = await open(wnn, model, config)
    found['without a cache'].push(await ask(opened, undefined, await textOf(opened, tokens)))
  } finally {
    await rm(stateDir, {recursive: true, force: true})
  }
}

/** A message of about this many tokens. */
async function textOf({countTokens}: Opened, tokens: number): Promise<string> {
  const sentence = 'My name is Alice, and this is a story. '
  const each = ((await countTokens(sentence.repeat(20))) - (await countTokens(sentence.repeat(10)))) / 10
  return sentence.repeat(Math.max(1, Math.floor(tokens / each)))
}
