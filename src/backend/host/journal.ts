import type {OutputMetadata} from '../contract/types.js'
import type {ConfigWarning} from '../../config/index.js'
import type {ExecutionContext} from './contexts/execution-context.js'
import type {Logger} from '../logging/logger.js'
import type {SchedulerEvent} from '../scheduler/task.js'
import type {Totals} from '../contract/status.js'

/** Logs events and counts them for the status. */
export class Journal {
  readonly totals: Totals = {
    ...{tasks: 0, promptTokens: 0, cachedTokens: 0, generatedTokens: 0, promptMs: 0, predictMs: 0, shortenedPrompts: 0},
  }

  constructor(readonly logger: Logger) {}

  /** A finished answer; `logged` is false if the request disabled logging. */
  answered(context: ExecutionContext, metadata: OutputMetadata, waitedMs: number, logged: boolean): void {
    const {totals, logger} = this
    totals.tasks++
    totals.promptTokens += metadata.input_tokens
    totals.cachedTokens += metadata.cached_tokens
    totals.generatedTokens += metadata.output_tokens
    totals.promptMs += metadata.prompt_ms
    totals.predictMs += metadata.predict_ms
    if (metadata.dropped_messages !== undefined) totals.shortenedPrompts++
    if (!logged) return
    const who = {context: context.id, graph: context.graph.id, session: context.session.id}
    logger.log('info', 'TASK', 'task completed', {...who, wait_ms: waitedMs, stop_reason: metadata.stop_reason})
    logger.log('info', 'PERF', 'answer', {
      ...who,
      ...{
        input_tokens: metadata.input_tokens,
        cached_tokens: metadata.cached_tokens,
        output_tokens: metadata.output_tokens,
        ...(metadata.dropped_messages !== undefined && {dropped_messages: metadata.dropped_messages}),
      },
      ...{prompt_ms: metadata.prompt_ms, predict_ms: metadata.predict_ms, ttft_ms: metadata.ttft_ms},
    })
    const {ctx_size} = context.graph.config.model
    logger.log('info', 'MEM', 'context use', {
      ...who,
      // After context shifts the oldest tokens are no longer in it.
      context_tokens: Math.min(metadata.input_tokens + metadata.output_tokens, ctx_size),
      ctx_size,
      host_rss_bytes: process.memoryUsage.rss(),
    })
  }

  failed(context: ExecutionContext, error: unknown): void {
    this.logger.log('warn', 'TASK', 'task failed', {
      ...{context: context.id, graph: context.graph.id, session: context.session.id},
      reason: error instanceof Error ? error.message : String(error),
    })
  }

  scheduled(event: SchedulerEvent): void {
    const {type, ...fields} = event
    const level = type === 'warning' || type === 'refused' || type === 'expired' ? 'warn' : 'debug'
    this.logger.log(level, 'TASK', type === 'warning' ? 'queue is long' : `task ${type}`, fields)
  }

  configWarnings(warnings: readonly ConfigWarning[]): void {
    for (const {message, ...fields} of warnings) this.logger.log('warn', 'MODEL', `configuration: ${message}`, fields)
  }

  /** Without the values, which may contain prompts. */
  optionWarnings(warnings: readonly ConfigWarning[]): void {
    for (const {path, allowed, used} of warnings) {
      this.logger.log('warn', 'TASK', `configuration: runtime option ${path} ignored`, {path, allowed, used})
    }
  }
}
