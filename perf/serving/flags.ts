import path from 'node:path'
import {fileURLToPath} from 'node:url'
import {parseArgs} from 'node:util'
import {parseNumbers} from '../../src/bench/numbers.js'
import {cachedModel} from '../model/write-model.js'
import {llamaServer, wnnServer, type Server} from './servers.js'
import {workloads, type CellOptions, type Workload} from './workloads.js'

const checkout = fileURLToPath(new URL('../..', import.meta.url))
const tiny = path.join(checkout, 'fixtures/models/tiny-qwen2-chat.gguf')

export interface Flags {
  workloads: Workload[]
  cells: CellOptions
  rounds: number
  seed: number
  model: string
  /** Requests per second of Poisson arrivals. If absent, 70 % of the first server's capacity. */
  rate: number | undefined
  servers: Server[]
  json: string | undefined
}

export async function readFlags(argv: readonly string[]): Promise<Flags> {
  const {values: flags} = parseArgs({
    args: [...argv],
    options: {
      workload: {type: 'string', default: 'closed,poisson,conversations,long-prompt'},
      clients: {type: 'string', default: '1,4,16,64'},
      rounds: {type: 'string', default: '2'},
      model: {type: 'string', default: 'bench'},
      requests: {type: 'string'},
      prompt: {type: 'string', default: '64'},
      answer: {type: 'string', default: '16-95'},
      rate: {type: 'string'},
      sessions: {type: 'boolean', default: false},
      seed: {type: 'string', default: '1'},
      'llama-server': {type: 'string'},
      'cache-ram': {type: 'string'},
      only: {type: 'string'},
      dist: {type: 'string', multiple: true, default: [checkout]},
      set: {type: 'string', multiple: true, default: []},
      json: {type: 'string'},
    },
  })
  const number = (name: 'rounds' | 'prompt' | 'seed' | 'requests' | 'rate'): number | undefined => {
    const text = flags[name]
    if (text === undefined) return undefined
    if (Number(text) > 0) return Number(text)
    throw new Error(`--${name} must be a positive number, not ${text}.`)
  }
  const [, min, max] = /^(\d+)-(\d+)$/.exec(flags.answer) ?? []
  if (min === undefined || Number(min) < 2 || Number(max) < Number(min)) {
    throw new Error(`--answer must be a range of tokens such as 16-95, not ${flags.answer}.`)
  }
  return {
    workloads: flags.workload.split(',').map(readWorkload),
    cells: {
      clients: parseNumbers(flags.clients, '--clients', {min: 1, max: 256}),
      requests: number('requests'),
      promptTokens: number('prompt') ?? NaN,
      answerTokens: {min: Number(min), max: Number(max)},
      sessions: flags.sessions,
    },
    rounds: number('rounds') ?? NaN,
    seed: number('seed') ?? NaN,
    model: flags.model === 'tiny' ? tiny : flags.model === 'bench' ? await cachedModel('bench') : flags.model,
    rate: number('rate'),
    servers: readServers(flags),
    json: flags.json,
  }
}

function readWorkload(name: string): Workload {
  const known = workloads.find((one) => one === name)
  if (known === undefined) throw new Error(`--workload: there is no ${name}. Choose from ${workloads.join(', ')}.`)
  return known
}

interface ServerFlags {
  'llama-server'?: string | undefined
  'cache-ram'?: string | undefined
  only?: string | undefined
  dist: string[]
  set: string[]
}

/** llama-server comes first if it is measured, because the others are compared with the first. */
function readServers({'llama-server': file, 'cache-ram': cacheRam, only, dist, set}: ServerFlags): Server[] {
  if (only !== undefined && only !== 'wnn' && only !== 'llama-server') {
    throw new Error(`--only cannot be ${only}. Choose wnn or llama-server.`)
  }
  if (only === 'llama-server' && file === undefined) throw new Error('--only llama-server needs --llama-server FILE.')
  const folders = dist.map((folder) => path.resolve(folder))
  const named = (folder: string, index: number): string =>
    folders.length === 1
      ? 'wnn'
      : `${path.basename(folder)}${folders.filter((other) => path.basename(other) === path.basename(folder)).length > 1 ? ` #${index + 1}` : ''}`
  return [
    ...(file === undefined || only === 'wnn' ? [] : [llamaServer(path.resolve(file), cacheRam)]),
    ...(only === 'llama-server' ? [] : folders.map((folder, index) => wnnServer(named(folder, index), folder, set))),
  ]
}
