import {setTimeout as delay} from 'node:timers/promises'
import {open, type Opened, type Resident, type Wnn} from './open.js'

export interface RoundsJob {
  model: string
  rounds: number
  /** Earlier rounds, which are not counted. V8's heaps in both processes reach their size during them. */
  warmUpRounds: number
  /** Memory is sampled once in this many rounds. */
  sampleEvery: number
  idleTimeoutMs: number
}

export interface Sample extends Resident {
  round: number
}

/** What was not released. */
export interface Left {
  contexts: number
  sessions: number
  waiting: number
  running: number
  busySlots: number
  savedCaches: number
}

export interface RoundsRun {
  samples: Sample[]
  /** Directly after the last round. Sessions stay until their idle time is over. */
  atEnd: Left
  /** As soon as no session is left, or after ten times the idle time. */
  afterIdle: Left
  wrong: number
}

/** Each round opens a context in a new session, asks, reads and closes. */
export async function runRounds(wnn: Wnn, job: RoundsJob): Promise<RoundsRun> {
  const {model, rounds, warmUpRounds, sampleEvery, idleTimeoutMs} = job
  await using opened = await open(wnn, model, {parallel: 2, ctx_size: 256, idle_timeout_ms: idleTimeoutMs})
  const {backend, graph} = opened
  const samples: Sample[] = []
  let wrong = 0
  for (let round = 1 - warmUpRounds; round <= rounds; round++) {
    const context = await backend.initExecutionContext(graph)
    const {text} = await opened.ask(context, 'What is 4 + 5?')
    if (text !== '4 + 5 = 9.') wrong++
    await backend.closeExecutionContext(context)
    if (round > 0 && round % sampleEvery === 0) samples.push({round, ...(await opened.resident())})
  }
  const atEnd = await left(opened)
  const patience = performance.now() + 10 * idleTimeoutMs
  let afterIdle = atEnd
  while (afterIdle.sessions > 0 && performance.now() < patience) {
    await delay(20)
    afterIdle = await left(opened)
  }
  return {samples, atEnd, afterIdle, wrong}
}

async function left({backend}: Opened): Promise<Left> {
  const [{contexts, active}, {queued, running}, {graphs, saved_caches}] = await Promise.all([
    backend.status('sessions'),
    backend.status('queue'),
    backend.status('memory'),
  ])
  const busySlots = graphs.flatMap(({slots}) => slots).filter(({busy}) => busy).length
  return {
    ...{contexts: contexts.length, sessions: active, waiting: queued, running, busySlots},
    savedCaches: saved_caches.caches,
  }
}
