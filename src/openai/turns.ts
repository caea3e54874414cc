/** Lets so many in at a time; the others wait in line, and leave it when they are gone. */
export class Turns {
  private running = 0
  private readonly line: (() => void)[] = []

  constructor(private readonly most: number) {}

  /** @throws the signal's reason when it is aborted before its turn */
  async run<Result>(signal: AbortSignal, work: () => Promise<Result>): Promise<Result> {
    // Who waits gets the place of the one that ends.
    if (this.running < this.most) this.running++
    else await this.wait(signal)
    try {
      signal.throwIfAborted()
      return await work()
    } finally {
      const next = this.line.shift()
      if (next === undefined) this.running--
      else next()
    }
  }

  private wait(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const enter = (): void => {
        signal.removeEventListener('abort', leave)
        resolve()
      }
      const leave = (): void => {
        this.line.splice(this.line.indexOf(enter), 1)
        reject(signal.reason as Error)
      }
      this.line.push(enter)
      signal.addEventListener('abort', leave, {once: true})
    })
  }
}
