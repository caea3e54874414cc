import type {Recorder} from './recorder.js'
import type {Source} from './source.js'
import type {ClosedLoop, PoissonArrivals, Together} from './traffic.js'

/** Opens and closes the measured window at the present moment. */
export interface WindowEdges {
  open: () => void
  close: () => void
}

/**
 * Measures from when every client has ended its first request until `requests` more have ended. Clients go on sending until
 * then; what is unfinished is aborted.
 */
export async function closedLoop(
  {clients, requests}: ClosedLoop,
  recorder: Recorder,
  source: Source,
  edges: WindowEdges,
) {
  let starting = clients
  let left = requests
  const ended = async (): Promise<void> => {
    if (recorder.stopped || starting > 0 || --left > 0) return
    edges.close()
    await recorder.stop()
  }
  const client = async (): Promise<void> => {
    await recorder.send(source.next())
    if (--starting === 0) edges.open()
    while (!recorder.stopped) {
      await recorder.send(source.next())
      await ended()
    }
  }
  await Promise.all(Array.from({length: clients}, client))
}

/** The first round warms up and is not measured. */
export async function together({clients, requests}: Together, recorder: Recorder, source: Source, edges: WindowEdges) {
  const round = (): Promise<unknown> => Promise.all(Array.from({length: clients}, () => recorder.send(source.next())))
  await round()
  edges.open()
  for (let sent = 0; sent < requests; sent += clients) await round()
  edges.close()
}

/** All requests are measured, from the first arrival to the end of the last answer. */
export async function poissonArrivals(
  {ratePerSecond, requests}: PoissonArrivals,
  recorder: Recorder,
  source: Source,
  edges: WindowEdges,
) {
  edges.open()
  const sent: Promise<unknown>[] = []
  let dueMs = recorder.clock.now()
  for (let index = 0; index < requests; index++) {
    dueMs += source.interarrivalMs(ratePerSecond)
    await reach(dueMs, recorder)
    sent.push(recorder.send(source.next(), dueMs))
  }
  await Promise.all(sent)
  edges.close()
}

/** Resolves at that moment. @throws the signal's reason */
async function reach(atMs: number, {clock, signal}: Recorder): Promise<void> {
  signal.throwIfAborted()
  await new Promise<void>((resolve) => {
    const done = (): void => {
      cancel()
      signal.removeEventListener('abort', done)
      resolve()
    }
    const cancel = clock.after(Math.max(0, atMs - clock.now()), done)
    signal.addEventListener('abort', done)
  })
  signal.throwIfAborted()
}
