import {rm} from 'node:fs/promises'
import {parseArgs} from 'node:util'
import {markdownTable, printVerdict} from './conversations/verdict.js'
import {DaemonProcess, residentBytes} from './daemon/daemon-process.js'
import {importBuilt} from './engine/built.js'
import type {Wnn} from './conversations/open.js'
import {isShapeName} from './model/shapes.js'
import {cachedModel} from './model/write-model.js'

/**
 * Switches between two large models (random weights) that do not fit into memory together, in both directions:
 * `node --import tsx perf/drain.ts`. Needs a build, 16 GiB of memory and 11 GB of disk; `--delete` removes the files
 * afterwards. Memory is read when each phase begins. The old model's memory must be free before the new model loads.
 */
const {values: flags} = parseArgs({
  options: {
    from: {type: 'string', default: 'qwen2.5-14b'},
    to: {type: 'string', default: 'phi-3-mini'},
    context: {type: 'string', default: '512'},
    delete: {type: 'boolean', default: false},
  },
})
if (!isShapeName(flags.from) || !isShapeName(flags.to)) throw new Error('--from and --to name a shape of perf/model')
const files = [await cachedModel(flags.from), await cachedModel(flags.to)] as const
/** The memory that the daemon may keep after a model was unloaded, in bytes. */
const mostLeft = 64 * 1024 ** 2

const {textTensor, readMetadata, RemoteBackend} = await importBuilt<Wnn>('index.js')
const settings = {'model.ctx_size': flags.context, 'model.parallel': '1', 'model.use_mmap': 'false'}
await using daemon = await DaemonProcess.start(Object.entries(settings).map((setting) => setting.join('=')))
await using backend = await RemoteBackend.connect(daemon.socket)
try {
  const empty = await residentBytes(backend)
  const graph = await backend.loadByName(files[0], {name: 'large'})
  const rows = []
  for (const file of [files[1], files[0]]) rows.push(await change(graph, file))
  const mib = (bytes: number): string => (bytes / 1024 ** 2).toFixed(0)
  console.log(`The daemon alone has ${mib(empty)} MiB.\n`)
  console.log(
    markdownTable(
      [
        'to',
        'before MiB',
        'when the load begins MiB',
        'after MiB',
        'finish s',
        'unload s',
        'load s',
        'downtime s',
        'tokens before and after',
      ],
      rows.map(({to, before, atLoad, after, seconds, downtime, tokens}) => [
        ...[to, mib(before), mib(atLoad), mib(after)],
        ...[seconds('finish'), seconds('unload'), seconds('load'), downtime, tokens.join(', ')],
      ]),
    ),
  )
  console.log('')
  printVerdict(
    rows.flatMap(({to, before, atLoad, tokens}) => [
      {
        text: `${to}: ${mib(atLoad)} of ${mib(before)} MiB are left when its load begins`,
        met: atLoad < empty + mostLeft,
      },
      {text: `${to}: the request in flight and the next one are answered`, met: tokens.every((count) => count === 4)},
    ]),
  )
} finally {
  if (flags.delete) await Promise.all(files.map((file) => rm(file)))
}

async function change(graph: number, file: string) {
  const before = await residentBytes(backend)
  let atLoad = NaN
  const asked: Promise<void>[] = []
  const running = generate(graph)
  await running.begun
  const report = await backend.switchGraph(graph, file, undefined, {
    mode: 'drain',
    onPhase: (phase) => {
      if (phase === 'load') asked.push(residentBytes(backend).then((bytes) => void (atLoad = bytes)))
    },
  })
  await Promise.all(asked)
  const tokens = [await running.tokens, await generate(graph).tokens]
  return {
    ...{to: report.to.replace(/.*\/|-1\.gguf$/g, ''), before, atLoad, after: await residentBytes(backend), tokens},
    seconds: (wanted: string) => ((report.phases.find(({phase}) => phase === wanted)?.ms ?? NaN) / 1000).toFixed(1),
    downtime: (report.downtime_ms / 1000).toFixed(1),
  }
}

/** An answer of four tokens. `begun` resolves when the engine has the request. */
function generate(graph: number): {begun: Promise<void>; tokens: Promise<number>} {
  let begin = (): void => undefined
  const begun = new Promise<void>((resolve) => (begin = resolve))
  const run = async (): Promise<number> => {
    const context = await backend.initExecutionContext(graph)
    const options = {ignore_eos: true, max_tokens: 4, max_time_ms: 0, timeout_ms: 600_000}
    await backend.setInput(context, 1, textTensor(JSON.stringify(options)))
    await backend.setInput(context, 0, textTensor('0123'))
    await backend.compute(context, {onText: begin})
    const {output_tokens} = await readMetadata(backend, context)
    await backend.closeExecutionContext(context)
    return output_tokens
  }
  return {begun, tokens: run()}
}
