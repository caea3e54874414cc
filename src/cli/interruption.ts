/** Exit codes are 128 + the signal's number, as in shells. */
const exitCodes = {SIGHUP: 129, SIGINT: 130, SIGTERM: 143} as const
type Signal = keyof typeof exitCodes

const signals = Object.keys(exitCodes) as Signal[]

/** The first signal lets the command clean up and exit; a second one ends it at once. */
export class Interruption {
  private readonly controller = new AbortController()
  private received: Signal | undefined

  get signal(): AbortSignal {
    return this.controller.signal
  }

  /** Exit code for the signal that came; `undefined` when none did. */
  get exitCode(): number | undefined {
    return this.received === undefined ? undefined : exitCodes[this.received]
  }

  listen(): void {
    for (const name of signals) process.on(name, this.handle)
  }

  stop(): void {
    for (const name of signals) process.off(name, this.handle)
  }

  private readonly handle = (name: Signal): void => {
    if (this.received !== undefined) process.exit(exitCodes[name])
    this.received = name
    this.controller.abort(new Error(`Interrupted by ${name}.`))
  }
}
