import {createHistogram} from 'node:perf_hooks'
import type {OutputMetadata} from '../backend/contract/types.js'
import type {ErrorCode} from '../errors.js'
import type {BatchAnswer} from './model/answer-item.js'
import type {Ended} from './run-batch.js'

/** Sums over the finished items of a run, in constant memory. */
export class Tally {
  succeeded = 0
  failed = 0
  /** Failures by code. */
  readonly errors: Partial<Record<ErrorCode, number>> = {}
  inputTokens = 0
  outputTokens = 0
  cachedTokens = 0
  /** Items whose prompt lacked the oldest messages. */
  shortened = 0
  private readonly latencies = createHistogram()

  get ended(): number {
    return this.succeeded + this.failed
  }

  add(ended: Ended<unknown, BatchAnswer>): void {
    if ('failure' in ended) {
      const {code} = ended.failure
      this.failed += 1
      this.errors[code] = (this.errors[code] ?? 0) + 1
      return
    }
    const {input_tokens, output_tokens, cached_tokens} = tokensOf(ended.answer)
    this.succeeded += 1
    if ('text' in ended.answer && ended.answer.metadata.dropped_messages !== undefined) this.shortened += 1
    this.inputTokens += input_tokens
    this.outputTokens += output_tokens
    this.cachedTokens += cached_tokens
    this.latencies.record(Math.max(1, Math.round(ended.latencyMs * 1000)))
  }

  /** Durations of answered items, retries and waits included, in milliseconds to 0.1 %; all `null` before the first. */
  get latencyMs(): Record<'p50' | 'p95' | 'p99' | 'max', number | null> {
    const {latencies, succeeded} = this
    if (succeeded === 0) return {p50: null, p95: null, p99: null, max: null}
    const [p50 = 0, p95 = 0, p99 = 0] = [50, 95, 99].map((percent) => latencies.percentile(percent) / 1000)
    return {p50, p95, p99, max: latencies.max / 1000}
  }
}

function tokensOf(answer: BatchAnswer): Pick<OutputMetadata, 'input_tokens' | 'output_tokens' | 'cached_tokens'> {
  if ('text' in answer) return answer.metadata
  return {input_tokens: answer.embeddings.usage.prompt_tokens, output_tokens: 0, cached_tokens: 0}
}
