import type {OutputMetadata} from '../backend/contract/types.js'
import type {Fact} from './chat.js'
import type {Usage} from './usage.js'
import {plural} from '../terminal/units.js'

/** One line about an answer, for people. */
export function statsLine(metadata: OutputMetadata): string {
  return statsParts(metadata).join(' · ')
}

export function statsParts(metadata: OutputMetadata): string[] {
  const {output_tokens: tokens, predict_ms: ms, ttft_ms: ttft} = metadata
  return [
    ...endOf(metadata),
    plural(tokens, 'token'),
    // The time starts with the first token, so one token has no rate.
    ...(tokens > 1 && ms > 0 ? [`${rate(tokens - 1, ms)} tok/s`] : []),
    ...(tokens > 0 ? [`first after ${duration(ttft)}`] : []),
    `${metadata.cached_tokens} of ${metadata.input_tokens} prompt tokens cached`,
    ...(metadata.dropped_messages === undefined
      ? []
      : [`the oldest ${plural(metadata.dropped_messages, 'message')} left out`]),
  ]
}

/** What was left out of the prompt; `undefined` if it was nothing. */
export function droppedLine({dropped_messages: dropped}: OutputMetadata): string | undefined {
  if (dropped === undefined) return undefined
  return `The oldest ${plural(dropped, 'message')} did not fit into the context and ${dropped === 1 ? 'was' : 'were'} left out of the prompt.`
}

/** The context of a conversation, in tokens. */
export interface ContextUse {
  size: number
  /** What is in it after a context shift; `undefined` if that is unknown. */
  tokens: number | undefined
}

/** What `/stats` shows after an answer. */
export function statsReport(last: OutputMetadata, usage: Usage, context: ContextUse): Fact[] {
  return [
    ['last answer', statsLine(last)],
    ['', `seed ${last.seed} · llama.cpp ${last.llama_build}`],
    ['all answers', `${usage.answers} · ${plural(usage.answerTokens, 'token')} in ${duration(usage.predictMs)}`],
    [
      'all prompts',
      `${usage.cachedTokens} of ${usage.promptTokens} tokens cached, the rest evaluated in ${duration(usage.promptMs)}`,
    ],
    ['context', describeContext(last, context)],
  ]
}

/** After context shifts, prompt and answer are longer than the context: their oldest tokens are no longer in it. */
function describeContext({input_tokens: input, output_tokens: output}: OutputMetadata, context: ContextUse): string {
  const {size, tokens} = context
  const all = input + output
  if (all <= size) return `${all} of ${size} tokens`
  if (tokens === undefined) return `at most ${size} of ${size} tokens; older ones were dropped (context shift)`
  return `${tokens} of ${size} tokens; ${all - tokens} older ones were dropped (context shift)`
}

/** `45 ms`, `1.2 s`, `3 min 5 s`. */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`
  const seconds = Math.round(ms / 1000)
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`
}

/** Why the answer ended, when the model did not end it. */
function endOf({stop_reason: reason, stopped_by: by}: OutputMetadata): string[] {
  switch (reason) {
    case null:
    case 'end_of_sequence':
      return []
    case 'aborted':
      return ['stopped']
    case 'max_tokens':
      return ['cut off by max_tokens']
    case 'max_time':
      return ['cut off by max_time_ms']
    case 'context_full':
      return ['cut off: the context is full']
    case 'repetition':
      return ['stopped: it repeated itself']
    case 'stop':
    case 'pattern':
      return [`ended by ${reason} ${JSON.stringify(by ?? '')}`]
  }
}

function rate(tokens: number, ms: number): string {
  const perSecond = (tokens / ms) * 1000
  return perSecond < 10 ? perSecond.toFixed(1) : String(Math.round(perSecond))
}
