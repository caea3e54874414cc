import type {ContextId} from '../../src/index.js'
import {open, type Answer, type Opened, type Wnn} from './open.js'
import {TurnLog, type Turn} from './turn-log.js'
import {seededRandom, shuffled} from './statistics.js'

export interface SessionsJob {
  model: string
  /** One session for each. */
  names: readonly string[]
  slots: number
  /** How often each session asks for its name, each time as soon as the last answer is there. */
  questions: number
  /** Tokens that the caches of sessions without a slot may have together. */
  cacheTokens: number
  seed: number
}

export interface Asked {
  name: string
  answer: Answer
  right: boolean
}

export interface SessionsRun {
  asked: Asked[]
  /** How the questions were scheduled. */
  turns: Turn[]
  /** What the tasks that failed said. */
  errors: string[]
  /** A waiting task rises by one priority in this time, in milliseconds: nothing that comes as much later overtakes it. */
  agingMs: number
  /** Questions by where they found their session's cache. */
  caches: Record<string, number>
}

/**
 * Tells each session a name, all at once, then asks every one for its name, all at once and in another order. Who has
 * its answer asks again while others still wait for their first one, so that there are turns to be fair about.
 */
export async function runSessions(wnn: Wnn, job: SessionsJob): Promise<SessionsRun> {
  const {model, names, slots, questions, seed} = job
  const log = new TurnLog()
  const count = names.length
  const config = {
    ...{parallel: slots, ctx_size: 256, max_concurrent: count, max_sessions: count, queue_size: count},
    max_cache_tokens: job.cacheTokens,
    logging: {level: 'debug'},
  }
  await using opened = await open(wnn, model, config, {logStream: log})
  const {backend, graph} = opened
  const contexts = await Promise.all(names.map(() => backend.initExecutionContext(graph)))
  const run: SessionsRun = {
    asked: [],
    turns: [],
    errors: [],
    caches: {},
    agingMs: backend.core.config.backend.priority_aging_ms,
  }
  const attempt = async (work: () => Promise<void>): Promise<void> =>
    work().catch((error: unknown) => {
      run.errors.push(String(error))
    })
  const tellers = names.map((name, at) => ({name, context: contexts[at] ?? -1}))
  await Promise.all(
    tellers.map(({name, context}) =>
      attempt(async () => {
        await opened.ask(context, `My name is ${name}.`)
      }),
    ),
  )
  log.turns.length = 0
  await Promise.all(
    shuffled(tellers, seededRandom(seed)).map(async ({name, context}) => {
      for (let question = 0; question < questions; question++) {
        await attempt(async () => {
          const answer = await opened.ask(context, 'What is my name?')
          run.asked.push({name, answer, right: answer.text === `Your name is ${name}.`})
          const cache = await cacheOf(opened, context)
          run.caches[cache] = (run.caches[cache] ?? 0) + 1
        })
      }
    }),
  )
  return {...run, turns: [...log.turns]}
}

async function cacheOf({backend}: Opened, context: ContextId): Promise<string> {
  const {sessions} = await backend.status('sessions')
  return sessions.find(({contexts}) => contexts.includes(context))?.cache ?? 'gone'
}
