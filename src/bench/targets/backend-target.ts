import {textTensor} from '../../backend/contexts/tensor.js'
import type {Backend, GraphId} from '../../backend/backend.js'
import type {RuntimeOptions} from '../../backend/config/index.js'
import {readMetadata} from '../../backend/read-output.js'
import {PieceTimes} from '../piece-times.js'
import type {Subject} from '../result.js'
import type {Ask, Completion, Target} from '../target.js'

/** Nothing but the number of tokens ends an answer, whatever limits a daemon has, and the most likely token is always the next one. */
const options: RuntimeOptions = {
  ...{temp: 0, repeat_penalty: 1, presence_penalty: 0, frequency_penalty: 0, mirostat: 0, n_probs: 0},
  ...{grammar: '', json_schema: null, prompt_mode: 'raw', ignore_eos: true},
  ...{stop: [], patterns: [], max_repetition_count: 0, max_time_ms: 0, timeout_ms: 0, enable_log: false},
}

/** A graph of any backend, through the lifecycle's calls. */
export class BackendTarget implements Target {
  constructor(
    protected readonly backend: Backend,
    protected graph: GraphId,
    readonly subject: Subject,
    protected readonly now: () => number = () => performance.now(),
  ) {}

  async countTokens(text: string): Promise<number> {
    return this.inContext(async (context) => {
      await this.backend.setInput(context, 1, textTensor(JSON.stringify(options)))
      await this.backend.setInput(context, 0, textTensor(text))
      return (await readMetadata(this.backend, context)).input_tokens
    })
  }

  async complete({prompt, maxTokens, signal}: Ask): Promise<Completion> {
    return this.inContext(async (context) => {
      await this.backend.setInput(context, 1, textTensor(JSON.stringify({...options, max_tokens: maxTokens})))
      await this.backend.setInput(context, 0, textTensor(prompt))
      signal.throwIfAborted()
      const times = new PieceTimes(this.now)
      await this.backend.compute(context, {signal, onText: () => times.piece()})
      times.end()
      signal.throwIfAborted()
      const metadata = await readMetadata(this.backend, context)
      return {
        prompt_tokens: metadata.input_tokens,
        cached_tokens: metadata.cached_tokens,
        generated_tokens: metadata.output_tokens,
        counted: 'engine',
        ended_early: metadata.output_tokens < maxTokens,
        ...times.times(),
        engine_ms: {prompt: metadata.prompt_ms, predict: metadata.predict_ms},
      }
    })
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.backend[Symbol.asyncDispose]() as Promise<void>
  }

  /** The context is the request's own, and takes no place from others. */
  private async inContext<Result>(use: (context: number) => Promise<Result>): Promise<Result> {
    const context = await this.backend.initExecutionContext(this.graph, {temporary: true, counted: false})
    try {
      return await use(context)
    } finally {
      await this.backend.closeExecutionContext(context)
    }
  }
}
