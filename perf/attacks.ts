import {writeFile} from 'node:fs/promises'
import {setTimeout as sleep} from 'node:timers/promises'
import {fileURLToPath} from 'node:url'
import {parseArgs} from 'node:util'
import {attacks, textOf} from './attacks/requests.js'
import {Streams} from './attacks/streams.js'
import {wnnServer} from './serving/servers.js'

/**
 * What one client can do to others: `node --import tsx perf/attacks.ts`. Needs a build. While some clients stream answers
 * without end, one sends requests that take much work for their size, several at a time. The table has the gaps between
 * the pieces of the others' answers, beside those of the quiet time before.
 */
const {values: flags} = parseArgs({
  options: {
    model: {
      type: 'string',
      default: fileURLToPath(new URL('../fixtures/models/tiny-qwen2-chat.gguf', import.meta.url)),
    },
    clients: {type: 'string', default: '8'},
    requests: {type: 'string', default: '20'},
    together: {type: 'string', default: '2'},
    quiet: {type: 'string', default: '4'},
    only: {type: 'string', default: ''},
    json: {type: 'string'},
  },
})
const signal = AbortSignal.timeout(3_600_000)
const checkout = fileURLToPath(new URL('..', import.meta.url))
const clients = Number(flags.clients)
const quietMs = 1000 * Number(flags.quiet)

const server = wnnServer('wnn', checkout, ['backend.default_task_timeout_ms=120000'])
await using running = await server.start({model: flags.model, slots: clients + 4, contextTokens: 1024}, signal)
const {url} = running
const {data} = (await (await fetch(`${url}/v1/models`)).json()) as {data: {id: string}[]}
const model = data[0]?.id ?? ''
const streams = new Streams(url, model, clients)
await streams.started()

console.log(
  '| 20 requests of one client | statuses | others: p50, ms | p95, ms | longest gap, ms | p95 to quiet | longest wait for /health, ms | streams lost |',
)
console.log('|---|---|---|---|---|---|---|---|')
const rows: object[] = []
for (const attack of attacks.filter(({name}) => name.includes(flags.only))) {
  // Before the measurement: this process also reads the streams.
  const texts = Array.from({length: Number(flags.requests)}, (_, number) =>
    Buffer.from(textOf(attack.body(number), model)),
  )
  const quiet = await streams.during(() => sleep(quietMs))
  let statuses: Record<string, number> = {}
  const attacked = await streams.during(async () => {
    statuses = await send(attack.path, texts)
  })
  const ratio = attacked.p95 / quiet.p95
  rows.push({attack: attack.name, statuses, quiet, attacked, ratio})
  const counts = Object.entries(statuses).map(([status, count]) => `${count} × ${status}`)
  const {p50, p95, longest, health, lost} = attacked
  const of = (now: number, before: number): string => `${now.toFixed(0)} (${before.toFixed(0)})`
  console.log(
    `| ${[attack.name, counts.join(', '), of(p50, quiet.p50), of(p95, quiet.p95), of(longest, quiet.longest), ratio.toFixed(2), of(health, quiet.health), String(lost)].join(' | ')} |`,
  )
}
await streams.stop()
if (flags.json !== undefined) await writeFile(flags.json, `${JSON.stringify(rows, null, 1)}\n`)

/** How often each status came, with the code of an error. */
async function send(path: string, texts: Buffer[]): Promise<Record<string, number>> {
  const counts: Record<string, number> = {}
  let next = 0
  const client = async (): Promise<void> => {
    for (let text = texts[next++]; text !== undefined; text = texts[next++]) {
      const response = await fetch(url + path, {
        method: 'POST',
        headers: {'content-type': 'application/json'},
        body: text,
      }).catch((error: unknown) => error as Error)
      const status =
        response instanceof Error
          ? String((response.cause as NodeJS.ErrnoException | undefined)?.code)
          : await statusOf(response)
      counts[status] = (counts[status] ?? 0) + 1
    }
  }
  await Promise.all(Array.from({length: Number(flags.together)}, client))
  return counts
}

async function statusOf(response: Response): Promise<string> {
  const text = await response.text()
  if (response.ok) return String(response.status)
  const {error} = JSON.parse(text) as {error?: {code?: string | null}}
  return `${response.status} ${error?.code ?? ''}`.trim()
}
