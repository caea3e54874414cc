import type * as Library from '../src/index.js'
import type {ContextId, GraphId, LocalBackend} from '../src/index.js'
import {importBuilt} from './engine/built.js'
import {cpuMs} from './engine/cpu-time.js'
import {median} from './engine/table.js'
import {seededRandom} from './conversations/statistics.js'
import {fileURLToPath} from 'node:url'
import {parseArgs} from 'node:util'

/**
 * The effect of guessed tokens: `node --import tsx perf/prompt-lookup.ts`. Needs a build. Two engines of the same
 * model, with and without `prompt_lookup`, answer the same questions in turn, one at a time. Some questions contain the
 * text of their answer, others do not. Prints how many answers are the same, and the ratio of the processor time of an
 * answer to that without guesses.
 */
const {values: flags} = parseArgs({
  options: {prompts: {type: 'string', default: '100'}, seed: {type: 'string', default: '1'}},
})
const model = fileURLToPath(new URL('../fixtures/models/tiny-qwen2-chat.gguf', import.meta.url))
const words =
  'apple river stone green tree house mouse bread hill moon star book bell crow fox owl bear wolf rabbit night day water city wood lamp door key name king cake'.split(
    ' ',
  )
const random = seededRandom(Number(flags.seed))
const pick = (): string => words[Math.floor(random() * words.length)] ?? ''
const pattern = (): string => {
  const part = Array.from({length: 4}, pick).join(' ')
  return [part, part, part, part].join(' ')
}
const tasks: Record<string, () => string> = {
  'repeats its input': () => `Repeat after me: ${pattern()}`,
  'does not repeat': () => `Count from ${1 + Math.floor(random() * 20)} to ${60 + Math.floor(random() * 30)}.`,
}

const {initBackend, readMetadata, readOutput, textTensor} = await importBuilt<typeof Library>('index.js')

interface Side {
  backend: LocalBackend
  graph: GraphId
  pid: number
}

async function open(promptLookup: boolean): Promise<Side> {
  const config = {ctx_size: 1024, temp: 0, repeat_penalty: 1, max_tokens: 400, parallel: 1, threads: 1}
  const backend = await initBackend({config: {...config, prompt_lookup: promptLookup, cache_prompt: false}})
  const graph = await backend.loadByName(model)
  const [memory] = (await backend.status('memory')).graphs
  return {backend, graph, pid: memory?.engine_pid ?? 0}
}

async function answer({backend, graph, pid}: Side, question: string) {
  const context: ContextId = await backend.initExecutionContext(graph, {temporary: true})
  await backend.setInput(context, 0, textTensor(question))
  const before = await cpuMs(pid)
  await backend.compute(context)
  const ms = (await cpuMs(pid)) - before
  const {output_tokens: tokens, drafted_tokens = 0, accepted_tokens = 0} = await readMetadata(backend, context)
  const text = await readOutput(backend, context)
  await backend.closeExecutionContext(context)
  return {text, tokens, ms, drafted: drafted_tokens, accepted: accepted_tokens}
}

const [off, on] = [await open(false), await open(true)]
console.log(
  '| task | prompts | same answer | tokens | guessed | right | CPU time of an answer, ratio to no guesses (95 % interval) |',
)
console.log('|---|---|---|---|---|---|---|')
for (const [task, question] of Object.entries(tasks)) {
  const rows: Record<'without' | 'withGuesses', Awaited<ReturnType<typeof answer>>>[] = []
  for (let round = 0; round < Number(flags.prompts); round++) {
    const text = question()
    rows.push({without: await answer(off, text), withGuesses: await answer(on, text)})
  }
  const ratios = rows.map(({without, withGuesses}) => withGuesses.ms / without.ms)
  const drawn = Array.from({length: 2000}, () =>
    median(ratios.map(() => ratios[Math.floor(random() * ratios.length)] ?? NaN)),
  )
  drawn.sort((a, b) => a - b)
  const sum = (of: 'tokens' | 'drafted' | 'accepted'): number =>
    rows.reduce((all, {withGuesses}) => all + withGuesses[of], 0)
  const same = rows.filter(({without, withGuesses}) => without.text === withGuesses.text).length
  const interval = [50, 1949].map((at) => drawn[at]?.toFixed(3)).join(' to ')
  const cells = [
    rows.length,
    same,
    sum('tokens'),
    sum('drafted'),
    sum('accepted'),
    `${median(ratios).toFixed(3)} (${interval})`,
  ]
  console.log(`| ${[task, ...cells].join(' | ')} |`)
}
for (const {backend} of [off, on]) await backend.deinit()
