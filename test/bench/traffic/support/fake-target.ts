import type {ManualClock} from '../../../support/manual-clock.js'
import type {Ask, Completion, Target} from '../../../../src/bench/target.js'

/** How a fake target answers one request. Times are those of its clock, in milliseconds. */
export interface Script {
  /** Until the first token. */
  firstMs: number
  /** Between two tokens. */
  eachMs: number
  /** Fails instead, after `firstMs`. */
  fails?: boolean
}

/** A target whose answers take as long as the test says. It records what it was asked, and when. */
export class FakeTarget implements Pick<Target, 'complete'> {
  readonly asked: {ask: Ask; atMs: number; endedMs: number | undefined}[] = []
  inFlight = 0
  mostInFlight = 0

  constructor(
    private readonly clock: ManualClock,
    private readonly script: (index: number, ask: Ask) => Script = () => ({firstMs: 10, eachMs: 10}),
  ) {}

  async complete(ask: Ask): Promise<Completion> {
    const entry: (typeof this.asked)[number] = {ask, atMs: this.clock.now(), endedMs: undefined}
    const {firstMs, eachMs, fails} = this.script(this.asked.push(entry) - 1, ask)
    this.mostInFlight = Math.max(this.mostInFlight, ++this.inFlight)
    try {
      await this.wait(firstMs, ask.signal)
      if (fails === true) throw new Error('The server is out of memory.')
      ask.onText?.('a')
      for (let token = 1; token < ask.maxTokens; token++) {
        await this.wait(eachMs, ask.signal)
        ask.onText?.('a')
      }
      return this.completion(ask, firstMs, eachMs)
    } finally {
      this.inFlight -= 1
      entry.endedMs = this.clock.now()
    }
  }

  private completion({prompt, history = [], maxTokens}: Ask, firstMs: number, eachMs: number): Completion {
    return {
      prompt_tokens: [...history.map(({content}) => content), prompt].join(' ').length,
      cached_tokens: 0,
      generated_tokens: maxTokens,
      counted: 'usage',
      ended_early: false,
      ttft_ms: firstMs,
      total_ms: firstMs + eachMs * (maxTokens - 1),
      gaps_ms: Array.from({length: maxTokens - 1}, () => eachMs),
      pieces: maxTokens,
      first_pieces: 1,
      engine_ms: null,
    }
  }

  private wait(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      signal.throwIfAborted()
      const abort = (): void => {
        cancel()
        reject(signal.reason as Error)
      }
      const cancel = this.clock.after(ms, () => {
        signal.removeEventListener('abort', abort)
        resolve()
      })
      signal.addEventListener('abort', abort)
    })
  }
}
