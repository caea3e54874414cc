import type {AnswerTarget, Core} from '../../backend/contract/core.js'
import type {GraphId} from '../../backend/contract/types.js'
import type {RuntimeOptions} from '../../config/index.js'
import {PieceTimes} from '../piece-times.js'
import type {Subject} from '../result.js'
import type {Ask, ChatMessage, Completion, Target} from '../target.js'

/** Only the number of tokens ends an answer, regardless of the daemon's limits, and decoding is greedy. */
const options: RuntimeOptions = {
  ...{temp: 0, repeat_penalty: 1, presence_penalty: 0, frequency_penalty: 0, mirostat: 0, n_probs: 0},
  ...{grammar: '', json_schema: null, prompt_mode: 'raw', ignore_eos: true},
  ...{stop: [], patterns: [], max_repetition_count: 0, max_time_ms: 0, timeout_ms: 0, enable_log: false},
}

/** A graph of any backend, in this process or in a daemon. */
export class BackendTarget implements Target {
  constructor(
    protected readonly backend: Core,
    protected graph: GraphId,
    readonly subject: Subject,
    protected readonly now: () => number = () => performance.now(),
  ) {}

  async countTokens(text: string): Promise<number> {
    const {tokens} = await this.backend.count({graph: this.graph}, {input: text, options})
    return tokens
  }

  async complete({prompt, history, session, maxTokens, signal, onText}: Ask): Promise<Completion> {
    const chat = history === undefined ? {} : chatOptions(history)
    // The conversation is temporary and evicts no other session.
    const target: AnswerTarget = {graph: this.graph, ...(session !== undefined && {session})}
    signal.throwIfAborted()
    const times = new PieceTimes(this.now)
    const request = {input: prompt, options: {...options, ...chat, max_tokens: maxTokens}}
    const {metadata} = await this.backend.answer(target, request, {
      signal,
      onText: (text) => {
        times.piece()
        onText?.(text)
      },
    })
    times.end()
    signal.throwIfAborted()
    return {
      prompt_tokens: metadata.input_tokens,
      cached_tokens: metadata.cached_tokens,
      ...(metadata.dropped_messages !== undefined && {dropped_messages: metadata.dropped_messages}),
      generated_tokens: metadata.output_tokens,
      counted: 'engine',
      ended_early: metadata.output_tokens < maxTokens,
      ...times.times(),
      engine_ms: {prompt: metadata.prompt_ms, predict: metadata.predict_ms},
    }
  }

  async decodes(): Promise<{steps: number; passes: number}> {
    const {graphs} = await this.backend.status('performance')
    const own = graphs.find(({graph}) => graph === this.graph)
    return {steps: own?.answer_steps ?? 0, passes: own?.answer_passes ?? 0}
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.backend[Symbol.asyncDispose]()
  }
}

function chatOptions(messages: readonly ChatMessage[]): RuntimeOptions {
  const system = messages.flatMap(({role, content}) => (role === 'system' ? [content] : []))
  const history = messages.flatMap(({role, content}) => (role === 'system' ? [] : [{role, content}]))
  return {prompt_mode: 'chat', system_prompt: system.join('\n'), history}
}
