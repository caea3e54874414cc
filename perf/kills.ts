import {setTimeout as delay} from 'node:timers/promises'
import {parseArgs} from 'node:util'
import type {GraphStatus} from '../src/backend/contract/status.js'
import {trained} from './conversations/models.js'
import {names} from './conversations/names.js'
import type {Wnn} from './conversations/open.js'
import {seededRandom} from './conversations/statistics.js'
import {printVerdict} from './conversations/verdict.js'
import {Clients} from './daemon/clients.js'
import {DaemonProcess} from './daemon/daemon-process.js'
import {importBuilt} from './engine/built.js'

/**
 * Kills engines at random moments while clients use them: `node --import tsx perf/kills.ts`. Needs a build. A model
 * whose engine dies five times in a minute is not restarted. So there are several models, and each is killed at most
 * four times a minute. At the end, one is killed until it is `failed`.
 */
const {values: flags} = parseArgs({
  options: {
    clients: {type: 'string', default: '8'},
    kills: {type: 'string', default: '50'},
    models: {type: 'string', default: '4'},
    seed: {type: 'string', default: '1'},
  },
})
const [count, kills, models, seed] = (['clients', 'kills', 'models', 'seed'] as const).map((name) =>
  Number(flags[name]),
) as [number, number, number, number]
const {qwen = ''} = trained
const mostPerMinute = 4
const minuteMs = 61_000
const random = seededRandom(seed)
/** Processes that are dead or about to be. */
const gone = new Set<number>()

const wnn = await importBuilt<Wnn>('index.js')
const {RemoteBackend} = wnn
await using daemon = await DaemonProcess.start(['model.threads=1', `backend.max_concurrent=${count + 1}`])
const backend = await RemoteBackend.connect(daemon.socket)
const graphs: number[] = []
for (let at = 0; at < models; at++) graphs.push(await backend.loadByName(qwen, {name: `chat-${at}`}))
const clients = new Clients(
  wnn,
  await Promise.all(Array.from({length: count}, () => RemoteBackend.connect(daemon.socket))),
  graphs,
  names,
)
await clients.answers(100)

const victims = new Map<number, number[]>(graphs.map((graph) => [graph, []]))
for (let killed = 0; killed < kills; killed++) {
  await delay(random() * 1500)
  await kill(await choose())
}
await clients.answers(200)
await clients.stop()
const {tally: after} = clients
const survived = daemon.lives

const [last = 0] = graphs
// Its kills of the last minute count too.
while ((await state(last))?.state !== 'failed') await kill(last)
const givenUp = await state(last)
await backend[Symbol.asyncDispose]()

const errors = [...after.errors].map(([text, times]) => `${times} × ${text}`)
console.log(`${kills} kills, ${after.right} right answers, the longest request ${after.longestMs.toFixed(0)} ms`)
for (const error of errors) console.log(`  ${error}`)
printVerdict([
  {text: 'the daemon survived', met: survived && daemon.lives},
  {
    text: `${after.unnamed.length} failures without an error code ${after.unnamed.slice(0, 3).join('; ')}`,
    met: after.unnamed.length === 0,
  },
  {
    text: `${after.wrong.length} sessions without their histories ${after.wrong.slice(0, 3).join('; ')}`,
    met: after.wrong.length === 0,
  },
  {
    text: `after five more kills one model is ${givenUp?.state}: ${givenUp?.last_crash}`,
    met: givenUp?.state === 'failed',
  },
])

async function state(graph: number): Promise<GraphStatus | undefined> {
  return (await backend.status('model')).graphs.find((one) => one.graph === graph)
}

/** A model that may be killed now. Waits for one if there is none. */
async function choose(): Promise<number> {
  for (;;) {
    const now = performance.now()
    const free = graphs.filter((graph) => recent(graph, now).length < mostPerMinute)
    const chosen = free[Math.floor(random() * free.length)]
    if (chosen !== undefined) return chosen
    await delay(Math.min(...graphs.map((graph) => (recent(graph, now)[0] ?? now) + minuteMs - now)))
  }
}

function recent(graph: number, now: number): number[] {
  return (victims.get(graph) ?? []).filter((at) => now - at < minuteMs)
}

/** Kills the model's engine as soon as it has one. It may still be restarting after the last kill, or be `failed`. */
async function kill(graph: number): Promise<void> {
  while ((await state(graph))?.state !== 'failed') {
    const pid = (await backend.status('memory')).graphs.find((one) => one.graph === graph)?.engine_pid
    if (pid !== null && pid !== undefined && !gone.has(pid)) {
      gone.add(pid)
      victims.get(graph)?.push(performance.now())
      process.kill(pid, 'SIGKILL')
      return
    }
    await delay(5)
  }
}
