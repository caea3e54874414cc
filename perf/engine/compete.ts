import {digitPrompts, type Competitor, type Job, type Reply, type Request} from './job.js'

/** The child's side of a measurement: loads on request, then runs on each further request. */
export function compete(load: (job: Job) => Promise<Competitor>): void {
  const send = (reply: Reply): void => void process.send?.(reply)
  let ready: {job: Job; competitor: Competitor} | undefined

  const run = async (seed: number, repeats: number): Promise<void> => {
    if (ready === undefined) throw new Error('The request to run came before the one to load.')
    const {job, competitor} = ready
    let tokens = 0
    const startedAt = performance.now()
    for (let repeat = 0; repeat < repeats; repeat++) {
      tokens += await competitor.generate(digitPrompts(job, seed + repeat))
    }
    const wallMs = performance.now() - startedAt
    const wanted = repeats * job.sequences * job.generateTokens
    if (tokens !== wanted) throw new Error(`${tokens} tokens were generated instead of ${wanted}.`)
    send({type: 'ran', wallMs, tokens})
  }

  process.on('message', (request: Request) => {
    const work = async (): Promise<void> => {
      if (request.type === 'run') return run(request.seed, request.repeats)
      const competitor = await load(request.job)
      ready = {job: request.job, competitor}
      send({type: 'loaded', pid: competitor.pid, hostPid: process.pid})
    }
    work().catch((error: unknown) => send({type: 'failed', reason: String(error)}))
  })
  process.on('disconnect', () => process.exit(0))
}
