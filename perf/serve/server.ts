import type * as Library from '../../src/index.js'
import type * as Http from '../../src/openai/index.js'
import {importBuilt, settings} from '../engine/built.js'
import {contextSize, digitPrompts, type Job} from '../engine/job.js'

export type Request = {type: 'load'; job: Job} | {type: 'run'; seed: number}
export type Reply =
  | {type: 'loaded'; url: string; hostPid: number; enginePid: number}
  | {type: 'ran'; wallMs: number; ttftMs: number[]}
  | {type: 'failed'; reason: string}

/** Longer than all requests take to arrive, in milliseconds. */
const gatherMs = ({sequences}: Job): number => 20 + 4 * sequences

/** The measured backend. It is used both in this process and over HTTP, with the same engine, loaded once. */
let runHere: (seed: number) => Promise<{wallMs: number; ttftMs: number[]}>

async function load(job: Job): Promise<Reply> {
  const {initBackend, textTensor, readMetadata} = await importBuilt<typeof Library>('index.js')
  const {listenHttp} = await importBuilt<typeof Http>('openai.js')
  const shared = JSON.parse(settings({...job, contextSize: contextSize(job)})) as object
  // Requests over HTTP arrive some milliseconds apart. An engine that starts with the first one would evaluate the
  // other prompts beside its answer, piece by piece. perf/serving.ts measures that; here, all start together.
  const backend = await initBackend({config: {...shared, batch_timeout_ms: gatherMs(job)}})
  const graph = await backend.loadByName(job.model, {name: 'bench'})
  const {url} = await listenHttp(backend.core, {port: 0, environment: {}})
  const one = async (prompt: string): Promise<number> => {
    const from = performance.now()
    let first: number | undefined
    const context = await backend.initExecutionContext(graph, {temporary: true, counted: false})
    await backend.setInput(context, 0, textTensor(prompt))
    await backend.compute(context, {onText: () => (first ??= performance.now())})
    const {output_tokens} = await readMetadata(backend, context)
    if (output_tokens !== job.generateTokens) {
      throw new Error(`${output_tokens} tokens were generated instead of ${job.generateTokens}.`)
    }
    await backend.closeExecutionContext(context)
    return (first ?? performance.now()) - from
  }
  runHere = async (seed) => {
    const from = performance.now()
    const ttftMs = await Promise.all(digitPrompts(job, seed).map(one))
    return {wallMs: performance.now() - from, ttftMs}
  }
  const [memory] = (await backend.status('memory')).graphs
  return {type: 'loaded', url, hostPid: process.pid, enginePid: memory?.engine_pid ?? 0}
}

const send = (reply: Reply): void => void process.send?.(reply)
process.on('message', (request: Request) => {
  const work =
    request.type === 'load' ? load(request.job) : runHere(request.seed).then((ran) => ({type: 'ran' as const, ...ran}))
  work.then(send).catch((error: unknown) => send({type: 'failed', reason: String(error)}))
})
process.on('disconnect', () => process.exit(0))
