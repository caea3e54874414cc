import type * as Library from '../../src/index.js'
import type {ContextId, GraphId} from '../../src/index.js'
import type {RemoteBackend} from '../../src/rpc/client/remote-backend.js'
import type {Wnn} from '../conversations/open.js'

/** How often a session is asked for its name before a new one begins. */
const questions = 6

/** Greedy and short: the fixture models' known answers need that. */
const options = JSON.stringify({temp: 0, repeat_penalty: 1})

export interface Tally {
  /** Answers with the session's own name. */
  right: number
  wrong: string[]
  /** Errors by their text. */
  errors: Map<string, number>
  /** Failures that are not an `NnError`. */
  unnamed: string[]
  longestMs: number
}

/**
 * Clients in a loop. Each tells a session its name, asks for it several times, and starts again with the next name.
 * Each has a connection of its own.
 */
export class Clients {
  readonly tally: Tally = {right: 0, wrong: [], errors: new Map(), unnamed: [], longestMs: 0}
  private readonly stopping = new AbortController()
  private readonly running: Promise<void>[]
  private readonly backends: RemoteBackend[]
  private listeners: (() => void)[] = []

  constructor(
    private readonly wnn: Wnn,
    backends: readonly RemoteBackend[],
    private readonly graphs: readonly GraphId[],
    private readonly names: readonly string[],
  ) {
    this.backends = [...backends]
    this.running = backends.map((backend, client) => this.loop(backend, client))
  }

  /** Resolves after this many more right answers. */
  async answers(count: number): Promise<void> {
    const until = this.tally.right + count
    while (this.tally.right < until) await new Promise<void>((resolve) => this.listeners.push(resolve))
  }

  /** Stops the loops after their current sessions, and closes the connections. */
  async stop(): Promise<void> {
    this.stopping.abort()
    await Promise.all(this.running)
    await Promise.all(this.backends.map((backend) => backend[Symbol.asyncDispose]()))
  }

  private async loop(backend: RemoteBackend, client: number): Promise<void> {
    for (let turn = 0; !this.stopping.signal.aborted; turn++) {
      const at = client + turn * this.backends.length
      const name = this.names[at % this.names.length] ?? ''
      const graph = this.graphs[at % this.graphs.length] ?? 0
      const context = await backend.initExecutionContext(graph)
      // Repeated until it succeeds, because the questions below need the name in the history.
      while ((await this.ask(backend, context, `My name is ${name}.`)) === undefined);
      for (let question = 0; question < questions; question++) {
        const answer = await this.ask(backend, context, 'What is my name?')
        if (answer === undefined) question--
        else this.judge(answer, name)
      }
      await backend.closeExecutionContext(context)
    }
  }

  private judge(answer: string, name: string): void {
    if (answer === `Your name is ${name}.`) this.tally.right++
    else this.tally.wrong.push(`${name}: ${answer}`)
    for (const listener of this.listeners.splice(0)) listener()
  }

  /** The answer, or `undefined` after an error. */
  private async ask(backend: RemoteBackend, context: ContextId, prompt: string): Promise<string | undefined> {
    const {NnError, readOutput, textTensor}: typeof Library = this.wnn
    const from = performance.now()
    try {
      await backend.setInput(context, 1, textTensor(options))
      await backend.setInput(context, 0, textTensor(prompt))
      await backend.compute(context)
      return await readOutput(backend, context)
    } catch (error) {
      const text = error instanceof NnError ? `${error.code}: ${error.message}` : String(error)
      if (!(error instanceof NnError)) this.tally.unnamed.push(text)
      this.tally.errors.set(text, (this.tally.errors.get(text) ?? 0) + 1)
      return undefined
    } finally {
      this.tally.longestMs = Math.max(this.tally.longestMs, performance.now() - from)
    }
  }
}
