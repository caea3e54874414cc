import {setTimeout as sleep} from 'node:timers/promises'

/** Gaps between pieces of answers in some time, in milliseconds. */
export interface Gaps {
  p50: number
  p95: number
  longest: number
  /** The longest that `/health` took. */
  health: number
  /** Streams that ended without being complete. */
  lost: number
}

/** How often `/health` is asked. */
const healthMs = 100
const answerTokens = 400

/** Clients that stream answers one after another until they are stopped. */
export class Streams {
  private readonly stopping = new AbortController()
  private readonly done: Promise<void>[]
  private gaps: number[] = []
  private health: number[] = []
  private lost = 0
  private answering = 0

  constructor(
    private readonly url: string,
    private readonly model: string,
    private readonly clients: number,
  ) {
    this.done = [...Array.from({length: clients}, (_, client) => this.client(client)), this.askHealth()]
  }

  /** Resolves when every client has got text. */
  async started(): Promise<void> {
    while (this.answering < this.clients) await sleep(50)
  }

  /** The gaps while something else happens. A gap counts where it ends. */
  async during(work: () => Promise<unknown>): Promise<Gaps> {
    this.gaps = []
    this.health = []
    const lostBefore = this.lost
    await work()
    // Gaps that began during the work end after it.
    await sleep(2 * healthMs)
    const sorted = this.gaps.toSorted((a, b) => a - b)
    const quantile = (q: number): number => sorted[Math.floor(q * (sorted.length - 1))] ?? NaN
    return {
      ...{p50: quantile(0.5), p95: quantile(0.95), longest: quantile(1)},
      ...{health: Math.max(...this.health), lost: this.lost - lostBefore},
    }
  }

  async stop(): Promise<void> {
    this.stopping.abort()
    await Promise.all(this.done)
  }

  private async client(client: number): Promise<void> {
    let isFirst = true
    for (let answer = 0; !this.stopping.signal.aborted; answer++) {
      try {
        const isComplete = await this.answer(`Tell me a story, ${client} ${answer}.`, () => {
          if (isFirst) this.answering++
          isFirst = false
        })
        if (!isComplete) this.lost++
      } catch (error) {
        // The signal's own reason when it is stopped.
        if (error instanceof DOMException) return
        if (!(error instanceof TypeError)) throw error
        this.lost++
        await sleep(healthMs)
      }
    }
  }

  /** Whether the answer is complete. */
  private async answer(content: string, begun: () => void): Promise<boolean> {
    const body = {
      model: this.model,
      stream: true,
      max_tokens: answerTokens,
      ignore_eos: true,
      messages: [{role: 'user', content}],
    }
    const response = await fetch(`${this.url}/v1/chat/completions`, {
      ...{method: 'POST', headers: {'content-type': 'application/json'}, body: JSON.stringify(body)},
      signal: this.stopping.signal,
    })
    if (!response.ok || response.body === null) return false
    let last: number | undefined
    let end = ''
    for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
      const now = performance.now()
      if (last !== undefined) this.gaps.push(now - last)
      last = now
      begun()
      end = (end + chunk).slice(-100)
    }
    return end.includes('[DONE]')
  }

  private async askHealth(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      const start = performance.now()
      await fetch(`${this.url}/health`, {signal: this.stopping.signal})
        .then((response) => response.arrayBuffer())
        .catch((error: unknown) => {
          if (!this.stopping.signal.aborted) throw error
        })
      this.health.push(performance.now() - start)
      await sleep(healthMs)
    }
  }
}
