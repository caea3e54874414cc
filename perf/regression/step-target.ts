import type * as Library from '../../src/index.js'
import type * as Times from '../../src/bench/piece-times.js'
import type {Ask, Completion, Target} from '../../src/bench/target.js'
import {importBuilt, importInternals} from '../engine/built.js'

const {textTensor, readMetadata} = await importBuilt<typeof Library>('index.js')
const [{PieceTimes}] = await importInternals<[typeof Times]>('bench/piece-times.ts')

/** Generates token by token. Each is delayed by a share of the time that it took, which only the client sees. */
export class StepTarget implements Target {
  readonly subject: Target['subject']

  constructor(
    private readonly backend: Library.LocalBackend,
    private readonly graph: number,
    name: string,
    /** 0.1 makes each token take a tenth longer. */
    private readonly slowdown: number,
  ) {
    this.subject = {name, kind: 'local', model: null, url: null, served_model: null, engine: null, settings: {}}
  }

  async countTokens(text: string): Promise<number> {
    const context = await this.open(text)
    try {
      return (await readMetadata(this.backend, context)).input_tokens
    } finally {
      await this.backend.closeExecutionContext(context)
    }
  }

  async complete({prompt, maxTokens}: Ask): Promise<Completion> {
    const context = await this.open(prompt)
    try {
      const times = new PieceTimes(() => performance.now())
      for (let token = 0; token < maxTokens; token++) {
        const from = performance.now()
        await this.backend.computeSingle(context)
        holdUp(this.slowdown * (performance.now() - from))
        times.piece()
      }
      times.end()
      await this.backend.finiSingle(context)
      return {
        ...{prompt_tokens: null, cached_tokens: null, generated_tokens: maxTokens, counted: 'engine'},
        ...{ended_early: false, engine_ms: null, ...times.times()},
      }
    } finally {
      await this.backend.closeExecutionContext(context)
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve()
  }

  private async open(prompt: string): Promise<number> {
    const context = await this.backend.initExecutionContext(this.graph, {temporary: true, counted: false})
    const options = {prompt_mode: 'raw', temp: 0, repeat_penalty: 1, ignore_eos: true}
    await this.backend.setInput(context, 1, textTensor(JSON.stringify(options)))
    await this.backend.setInput(context, 0, textTensor(prompt))
    return context
  }
}

const never = new Int32Array(new SharedArrayBuffer(4))

/** Sleeps more exactly than a timer, and without taking a core from the engine. */
function holdUp(ms: number): void {
  if (ms > 0) Atomics.wait(never, 0, 0, ms)
}
