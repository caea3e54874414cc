import {mkdtemp, readFile, rm, writeFile} from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import {parseArgs} from 'node:util'
import type {SwitchReport} from '../src/backend/contract/switch.js'
import {trained} from './conversations/models.js'
import {names} from './conversations/names.js'
import type {Wnn} from './conversations/open.js'
import {markdownTable, printVerdict, type Requirement} from './conversations/verdict.js'
import {Clients} from './daemon/clients.js'
import {DaemonProcess, residentBytes} from './daemon/daemon-process.js'
import {importBuilt} from './engine/built.js'

/**
 * Switches a daemon's model back and forth while clients use it without a pause: `node --import tsx perf/switches.ts`.
 * Needs a build. Then tries files that cannot be loaded: the old model must keep answering.
 */
const {values: flags} = parseArgs({
  options: {
    clients: {type: 'string', default: '8'},
    switches: {type: 'string', default: '20'},
    between: {type: 'string', default: '100'},
    'warm-up': {type: 'string', default: '5000'},
  },
})
const [count, switches, between, warmUp] = (['clients', 'switches', 'between', 'warm-up'] as const).map((name) =>
  Number(flags[name]),
) as [number, number, number, number]
const mostGrowth = 0.05
const {qwen = '', phi3 = ''} = trained

const wnn = await importBuilt<Wnn>('index.js')
const {RemoteBackend} = wnn
await using daemon = await DaemonProcess.start(['model.threads=1', `backend.max_concurrent=${count + 1}`])
const backend = await RemoteBackend.connect(daemon.socket)
const graph = await backend.loadByName(qwen, {name: 'chat'})
const clients = new Clients(
  wnn,
  await Promise.all(Array.from({length: count}, () => RemoteBackend.connect(daemon.socket))),
  [graph],
  names,
)
await clients.answers(warmUp)

const reports: (SwitchReport & {resident: number})[] = []
for (let at = 0; at < switches; at++) {
  const report = await backend.switchGraph(graph, at % 2 === 0 ? phi3 : qwen)
  await clients.answers(between)
  reports.push({...report, resident: await residentBytes(backend)})
}
const mib = (bytes: number): string => (bytes / 1024 ** 2).toFixed(1)
console.log(
  markdownTable(
    ['switch', 'to', 'served meanwhile', 'load ms', 'downtime ms', 'both processes MiB'],
    reports.map(({to, served, phases, downtime_ms, resident}, at) => [
      ...[at + 1, path.basename(to), served],
      ...[(phases.find(({phase}) => phase === 'load')?.ms ?? NaN).toFixed(0), downtime_ms.toFixed(0), mib(resident)],
    ]),
  ),
)
const {tally} = clients
console.log(`\n${tally.right} right answers, the longest after ${tally.longestMs.toFixed(0)} ms\n`)
const [second, last] = [reports[1]?.resident ?? NaN, reports.at(-1)?.resident ?? NaN]
const refusals = await badTargets()
await clients.stop()
await backend[Symbol.asyncDispose]()
const growth = last / second - 1
printVerdict([
  {
    text: [...tally.errors].map(([text, times]) => `${times} × ${text}`).join('; ') || 'no request failed',
    met: tally.errors.size === 0,
  },
  {text: `${tally.wrong.length} wrong answers ${tally.wrong.slice(0, 3).join('; ')}`, met: tally.wrong.length === 0},
  {
    text: 'every switch was an overlap without downtime',
    met: reports.every(({mode, downtime_ms}) => mode === 'overlap' && downtime_ms === 0),
  },
  {
    text: `memory growth from switch 2 to switch ${switches}: ${(growth * 100).toFixed(1)} % (${mib(second)} to ${mib(last)} MiB)`,
    met: Math.abs(growth) < mostGrowth,
  },
  ...refusals,
])

async function badTargets(): Promise<Requirement[]> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'wnn-bench-'))
  try {
    const bytes = await readFile(qwen)
    const targets: [string, Buffer | undefined][] = [
      ['missing', undefined],
      ['broken', bytes.subarray(0, bytes.length / 2)],
      ['without weights', bytes.subarray(0, 20_000)],
    ]
    const requirements: Requirement[] = []
    for (const [kind, content] of targets) {
      const file = path.join(folder, `${kind}.gguf`)
      if (content !== undefined) await writeFile(file, content)
      const {code, stderr} = await daemon.run('switch', file)
      await clients.answers(between)
      const text = stderr.trim().replaceAll(folder, '').replaceAll('\n', ' ').slice(0, 200)
      requirements.push({text: `${kind}: exit code ${code}, the old model answers: ${text}`, met: code === 3})
    }
    return requirements
  } finally {
    await rm(folder, {recursive: true})
  }
}
