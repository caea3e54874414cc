import diagnostics from 'node:diagnostics_channel'
import {parseArgs} from 'node:util'
import path from 'node:path'
import type * as Library from '../src/index.js'
import type {OutputMetadata} from '../src/index.js'
import {trained} from './conversations/models.js'
import {markdownTable} from './conversations/verdict.js'
import {DaemonProcess} from './daemon/daemon-process.js'
import {importBuilt} from './engine/built.js'
import {median} from './engine/table.js'

/**
 * The time that a daemon adds to an answer: `node --import tsx perf/daemon-answer.ts`. Needs a build. `--before DIR`
 * names another built checkout, whose WASI-NN calls are measured in turn with these. The milliseconds are those of the
 * whole answer, without the engine's time for prompt and tokens.
 */
const {values: flags} = parseArgs({
  options: {rounds: {type: 'string', default: '30'}, before: {type: 'string'}},
})
const {qwen = ''} = trained
const input = 'What is the capital of France?'
const options = {temp: 0, repeat_penalty: 1}

/** One way to get an answer. */
interface Way extends AsyncDisposable {
  name: string
  answer: () => Promise<OutputMetadata>
}

let requests = 0
diagnostics.subscribe('http.client.request.start', () => requests++)

const ways: Way[] = []
if (flags.before !== undefined) {
  const file = path.resolve(flags.before, 'dist/index.js')
  const library = (await import(file)) as typeof Library
  ways.push(await throughCalls('WASI-NN calls, before', library, path.resolve(flags.before)))
}
const library = await importBuilt<typeof Library>('index.js')
ways.push(await throughCalls('WASI-NN calls', library), await throughCore('one answer call', library))

const found = new Map(ways.map(({name}) => [name, {requests: NaN, ms: [] as number[]}]))
try {
  for (let round = 0; round < Number(flags.rounds); round++) {
    for (const {name, answer} of ways) {
      const before = requests
      const startedAt = performance.now()
      const {prompt_ms, predict_ms} = await answer()
      const figures = found.get(name)
      if (figures === undefined) continue
      figures.requests = requests - before
      figures.ms.push(performance.now() - startedAt - prompt_ms - predict_ms)
    }
  }
} finally {
  for (const way of ways) await way[Symbol.asyncDispose]()
}
const rows = [...found].map(([name, {requests, ms}]) => [name, requests, median(ms).toFixed(1)])
console.log(markdownTable(['', 'requests', 'ms beyond the engine'], rows))

/** The calls that chat and HTTP made for each answer before one call replaced them. */
async function throughCalls(name: string, library: typeof Library, checkout?: string): Promise<Way> {
  const {RemoteBackend, readMetadata, readOutput, textTensor} = library
  const daemon = await DaemonProcess.start(['model.threads=1'], checkout)
  const backend = await RemoteBackend.connect(daemon.socket)
  const graph = await backend.loadByName(qwen)
  return {
    name,
    answer: async () => {
      const context = await backend.initExecutionContext(graph, {temporary: true})
      await backend.setInput(context, 1, textTensor(JSON.stringify(options)))
      await backend.setInput(context, 0, textTensor(input))
      await backend.compute(context, {onText: () => undefined})
      await readOutput(backend, context)
      const metadata = await readMetadata(backend, context)
      await backend.closeExecutionContext(context)
      return metadata
    },
    [Symbol.asyncDispose]: async () => {
      await backend[Symbol.asyncDispose]()
      await daemon[Symbol.asyncDispose]()
    },
  }
}

async function throughCore(name: string, {RemoteCore}: typeof Library): Promise<Way> {
  const daemon = await DaemonProcess.start(['model.threads=1'])
  const core = await RemoteCore.connect(daemon.socket)
  const graph = await core.load({name: qwen})
  return {
    name,
    answer: async () => {
      const {metadata} = await core.answer({graph}, {input, options}, {onText: () => undefined})
      return metadata
    },
    [Symbol.asyncDispose]: async () => {
      await core[Symbol.asyncDispose]()
      await daemon[Symbol.asyncDispose]()
    },
  }
}
