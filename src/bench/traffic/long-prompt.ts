import {piecesOf, type Exchange} from './exchange.js'
import type {WindowEdges} from './loops.js'
import type {Recorder} from './recorder.js'
import type {Source} from './source.js'
import type {LongPrompt} from './traffic.js'

/** What a long prompt met and did. */
export interface LongPromptRun {
  exchange: Exchange
  /** From when the answers were counted as the undisturbed ones. */
  steadyMs: number
}

/** Of the long prompt's own answer: enough to see that it goes on. */
const shortAnswer = {min: 4, max: 4}

/**
 * Answers run until each has `steadyTokens`, then as many tokens again undisturbed, and then the long prompt comes. The window
 * goes from the undisturbed part to the long prompt's first token.
 *
 * @throws what a running answer failed with
 */
export async function longPrompt(
  {clients, steadyTokens, longPromptTokens, answerTokens}: LongPrompt,
  recorder: Recorder,
  source: Source,
  edges: WindowEdges,
): Promise<LongPromptRun> {
  if (answerTokens.min <= 2 * steadyTokens) throw new RangeError('The running answers ended before the long prompt.')
  const client = async (): Promise<void> => {
    while (!recorder.stopped) {
      const {outcome} = await recorder.send(source.next())
      if (outcome.kind === 'failed') return
    }
  }
  const running = Promise.allSettled(Array.from({length: clients}, client))
  const isEach = (tokens: number) => (): boolean => {
    for (const {outcome} of recorder.exchanges) if (outcome.kind === 'failed') throw outcome.error
    const now = recorder.exchanges.filter(({outcome}) => outcome.kind === 'running')
    return now.length === clients && now.every((exchange) => piecesOf(exchange) > tokens)
  }
  try {
    await recorder.until(isEach(steadyTokens))
    const steadyMs = recorder.clock.now()
    edges.open()
    await recorder.until(isEach(2 * steadyTokens))
    const request = source.next({promptTokens: longPromptTokens, answerTokens: shortAnswer})
    const {exchange, ended} = recorder.start(request)
    await recorder.until(() => exchange.arrivals.length > 0 || exchange.endedMs !== undefined)
    edges.close()
    await ended
    return {exchange, steadyMs}
  } finally {
    await recorder.stop()
    await running
  }
}
