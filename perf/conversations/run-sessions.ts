import type {ContextId} from '../../src/index.js'
import {open, type Answer, type Opened, type Wnn} from './open.js'
import {TurnLog, type Turn} from './turn-log.js'
import {seededRandom, shuffled} from './statistics.js'

export interface SessionsJob {
  model: string
  /** One session for each. */
  names: readonly string[]
  slots: number
  /** How often each session asks for its name. It asks again as soon as it has an answer. */
  questions: number
  /** The limit for the tokens of all caches of sessions without a slot. */
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
  /** The errors of failed tasks. */
  errors: string[]
  /** Milliseconds in which a waiting task rises by one priority. No task that arrives so much later overtakes it. */
  agingMs: number
  /** Questions by where they found their session's cache. */
  caches: Record<string, number>
}

/**
 * Tells each session a name, all at the same time. Then asks all of them for their names at the same time, in another
 * order. A session with an answer asks again while others still wait for their first one, which tests fairness.
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
