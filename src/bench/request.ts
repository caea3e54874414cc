import {NnError} from '../errors.js'
import {randomSeed} from '../system/random.js'
import {readApiKey} from '../openai/api-key.js'
import {isPath} from '../pick-model/daemon-model.js'
import {socketPath} from '../rpc/socket-path.js'
import type {BenchOptions} from './bench.js'
import {checkHistory, checkOutput, readResult} from './files.js'
import type {Wanted} from './open-targets.js'
import {readFraction, readTests, type SizeFlags} from './options.js'
import type {Format} from './render/index.js'
import {neededContext, neededSlots} from './tests.js'
import {localModels, type VariantFlags} from './variants.js'

/** The command line of `wnn bench`. */
export interface BenchFlags extends SizeFlags, VariantFlags {
  repetitions: number
  warmup: number
  seed?: number | undefined
  url?: string[] | undefined
  'api-key-file'?: string | undefined
  socket?: string | undefined
  local: boolean
  output?: string[] | undefined
  format?: Format | undefined
  baseline?: string | undefined
  'against-first': boolean
  'max-regression'?: string | undefined
  history?: string | undefined
}

export interface Program {
  bin: string
  version: string
  /** Exact versions of the dependencies. */
  pins: Readonly<Record<string, string>>
}

/** Reads and checks everything before anything is loaded. @throws `invalid_argument` */
export async function readRequest(
  models: readonly string[],
  flags: BenchFlags,
  {bin, version, pins}: Program,
): Promise<Omit<BenchOptions, 'progress' | 'signal'>> {
  const tests = readTests(flags)
  const {repetitions, warmup, history, seed = randomSeed(), baseline} = flags
  const {'max-regression': maxRegression, 'against-first': againstFirst} = flags
  if (maxRegression !== undefined && baseline === undefined && !againstFirst) {
    throw new NnError('invalid_argument', '--max-regression needs a baseline.', {
      hint: 'Use --baseline FILE or --against-first.',
    })
  }
  const limit = readFraction(maxRegression ?? '5%', '--max-regression')
  const files = models.filter((model) => flags.local || isPath(model))
  const names = models.filter((model) => !files.includes(model))
  const sizes = {contextTokens: Math.max(512, neededContext(tests)), slots: neededSlots(tests)}
  const wanted: Wanted = {
    models: localModels(files, flags, sizes),
    urls: flags.url ?? [],
    apiKey: flags.url === undefined ? undefined : readApiKey(flags['api-key-file']),
    daemon: readDaemon(files, names, flags),
  }
  const request = {
    ...{wanted, tests, repetitions, warmup, seed, history, limit},
    againstFirst,
    baseline: baseline === undefined ? undefined : {file: baseline, result: readResult(baseline)},
    outputs: await Promise.all((flags.output ?? []).map((file) => checkOutput(file, flags.format))),
    command: [bin, ...process.argv.slice(2)],
    versions: {wnn: version, node: process.versions.node, node_llama_cpp: pins['node-llama-cpp'] ?? 'unknown'},
  }
  if (history !== undefined) await checkHistory(history)
  return request
}

/** The daemon is used if nothing else is named, or if a model of it is named. */
function readDaemon(files: readonly string[], names: readonly string[], flags: BenchFlags): Wanted['daemon'] {
  const {url, socket, config, set, compare, local} = flags
  const own = Object.entries({config, set, compare}).find(([, value]) => value !== undefined)?.[0]
  if (own !== undefined && files.length === 0) {
    throw new NnError('invalid_argument', `--${own} needs a model that wnn bench loads itself.`, {
      hint: 'Name the model file.',
    })
  }
  if (names.length === 0 && (files.length > 0 || url !== undefined)) return undefined
  if (local) {
    throw new NnError('invalid_argument', 'The model is missing.', {hint: 'Example: wnn bench --local model.gguf'})
  }
  return {socket: socketPath(socket), names}
}
