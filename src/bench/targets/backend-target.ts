import {textTensor} from '../../backend/contract/tensor.js'
import type {Backend, GraphId} from '../../backend/contract/backend.js'
import type {RuntimeOptions} from '../../config/index.js'
import {readMetadata} from '../../backend/contract/read-output.js'
import {PieceTimes} from '../piece-times.js'
import type {Subject} from '../result.js'
import type {Ask, ChatMessage, Completion, Target} from '../target.js'

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

  async complete({prompt, history, session, maxTokens, signal, onText}: Ask): Promise<Completion> {
    const chat = history === undefined ? {} : chatOptions(history)
    return this.inContext(async (context) => {
      const given = {...options, ...chat, max_tokens: maxTokens}
      await this.backend.setInput(context, 1, textTensor(JSON.stringify(given)))
      await this.backend.setInput(context, 0, textTensor(prompt))
      signal.throwIfAborted()
      const times = new PieceTimes(this.now)
      await this.backend.compute(context, {
        signal,
        onText: (text) => {
          times.piece()
          onText?.(text)
        },
      })
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
    }, session)
  }

  async decodes(): Promise<{steps: number; passes: number}> {
    const {graphs} = await this.backend.status('performance')
    const own = graphs.find(({graph}) => graph === this.graph)
    return {steps: own?.answer_steps ?? 0, passes: own?.answer_passes ?? 0}
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.backend[Symbol.asyncDispose]() as Promise<void>
  }

  /** The context is the request's own, and takes no place from others. */
  private async inContext<Result>(use: (context: number) => Promise<Result>, session?: string): Promise<Result> {
    const context =
      session === undefined
        ? await this.backend.initExecutionContext(this.graph, {temporary: true, counted: false})
        : await this.backend.initExecutionContextWithSessionId(this.graph, session, {counted: false})
    try {
      return await use(context)
    } finally {
      await this.backend.closeExecutionContext(context)
    }
  }
}

function chatOptions(messages: readonly ChatMessage[]): RuntimeOptions {
  const system = messages.flatMap(({role, content}) => (role === 'system' ? [content] : []))
  const history = messages.flatMap(({role, content}) => (role === 'system' ? [] : [{role, content}]))
  return {prompt_mode: 'chat', system_prompt: system.join('\n'), history}
}
