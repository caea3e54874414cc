import {readFile, rm} from 'node:fs/promises'
import {parseArgs} from 'node:util'
import type * as ConfigModule from '../src/config/index.js'
import type * as GgufModule from '../src/backend/gguf/header.js'
import type * as EstimateModule from '../src/backend/gguf/memory-estimate.js'
import {importBuilt, importInternals} from './engine/built.js'
import {isShapeName, shapes} from './model/shapes.js'
import {cachedModel} from './model/write-model.js'
import {open, type Wnn} from './conversations/open.js'
import {markdownTable, printVerdict} from './conversations/verdict.js'

/**
 * Runs a model of the 14 B shape (8 GB, random weights) on the CPU: `npm run perf:large`. Needs a build, 24 GiB of
 * memory and 8 GB of disk; `--delete` removes the file afterwards. It compares the memory estimate, made before
 * anything is allocated, with the peak of the process. Other shapes and settings show whether the estimate holds for
 * them too.
 */
const {values: flags} = parseArgs({
  options: {
    shape: {type: 'string', default: 'qwen2.5-14b'},
    context: {type: 'string', default: '1024'},
    slots: {type: 'string', default: '1'},
    batch: {type: 'string', default: '512'},
    prompt: {type: 'string', default: '64'},
    generate: {type: 'string', default: '16'},
    delete: {type: 'boolean', default: false},
  },
})
const [ctx_size, parallel, batch_size, promptTokens, max_tokens] = (
  ['context', 'slots', 'batch', 'prompt', 'generate'] as const
).map((name) => Number(flags[name])) as [number, number, number, number, number]
if (!isShapeName(flags.shape)) throw new Error(`--shape: choose from ${Object.keys(shapes).join(', ')}`)
/** An estimate that exceeds the peak by more than this would reject models that fit. */
const mostOver = 0.15

const wnn = await importBuilt<Wnn>('index.js')
const [{parseConfig}, {readGgufHeader}, estimates] = await importInternals<
  [typeof ConfigModule, typeof GgufModule, typeof EstimateModule]
>('config/index.ts', 'backend/gguf/header.ts', 'backend/gguf/memory-estimate.ts')

const file = await cachedModel(flags.shape)
try {
  const runs = [await measure(true), await measure(false)]
  const mib = (bytes: number): string => (bytes / 1024 ** 2).toFixed(0)
  const rows = runs.map(({use_mmap, estimated, peak, needed, llama, tokens, loadMs}) => [
    ...[
      use_mmap ? 'mapped' : 'read',
      mib(estimated),
      mib(peak),
      (estimated / peak).toFixed(2),
      mib(needed),
      mib(llama),
    ],
    ...[tokens, (loadMs / 1000).toFixed(1)],
  ])
  const header = ['weights', 'estimated MiB', 'peak MiB', 'ratio', 'of it has to fit', 'llama.cpp reports']
  console.log(`${flags.shape}, ${parallel} x ${ctx_size} tokens, batches of ${batch_size}\n`)
  console.log(`${markdownTable([...header, 'tokens', 'load s'], rows)}\n`)
  printVerdict(
    runs.flatMap(({use_mmap, estimated, peak, tokens}) => [
      {text: `${use_mmap ? 'mapped' : 'read'}: the process stays within its estimate`, met: peak <= estimated},
      {text: `and the estimate is at most ${mostOver * 100} % above the peak`, met: estimated <= peak * (1 + mostOver)},
      {text: `and ${tokens} tokens were generated`, met: tokens === max_tokens * parallel},
    ]),
  )
} finally {
  if (flags.delete) await rm(file)
}

async function measure(use_mmap: boolean) {
  const config = {
    ...{ctx_size, parallel, batch_size, use_mmap, prompt_mode: 'raw', max_tokens, ignore_eos: true, max_time_ms: 0},
    ...{max_concurrent: parallel, max_sessions: parallel, queue_size: parallel, max_repetition_count: 0},
  }
  const estimate = estimates.estimateMemory(
    await readGgufHeader(file),
    parseConfig(JSON.stringify(config), {strict: true}).config.model,
  )
  const from = performance.now()
  await using opened = await open(wnn, file, config)
  const loadMs = performance.now() - from
  const answers = await Promise.all(
    Array.from({length: parallel}, async (_, slot) => {
      const context = await opened.backend.initExecutionContext(opened.graph)
      // Each digit is a token. The first one differs between slots.
      return opened.ask(context, `${slot} ${'0123456789'.repeat(promptTokens / 10 + 1)}`.slice(0, promptTokens))
    }),
  )
  const [graph] = (await opened.backend.status('memory')).graphs
  return {
    ...{use_mmap, loadMs, peak: await peakBytes(graph?.engine_pid ?? -1)},
    estimated: estimates.residentEstimate(estimate, parallel),
    needed: estimates.totalBytes(estimate, parallel),
    llama: (graph?.model_bytes ?? NaN) + (graph?.context_bytes ?? NaN),
    tokens: answers.reduce((sum, {metadata}) => sum + metadata.output_tokens, 0),
  }
}

/** The peak resident memory of a process. Linux only. */
async function peakBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024
}
