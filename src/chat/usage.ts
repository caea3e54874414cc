import type {OutputMetadata} from '../backend/contract/types.js'

/** Sums over the answers of a chat; counts are tokens, times milliseconds. */
export interface Usage {
  answers: number
  promptTokens: number
  cachedTokens: number
  answerTokens: number
  promptMs: number
  predictMs: number
}

export const noUsage: Usage = {
  answers: 0,
  promptTokens: 0,
  cachedTokens: 0,
  answerTokens: 0,
  promptMs: 0,
  predictMs: 0,
}

export function addAnswer(usage: Usage, metadata: OutputMetadata): Usage {
  return {
    answers: usage.answers + 1,
    promptTokens: usage.promptTokens + metadata.input_tokens,
    cachedTokens: usage.cachedTokens + metadata.cached_tokens,
    answerTokens: usage.answerTokens + metadata.output_tokens,
    promptMs: usage.promptMs + metadata.prompt_ms,
    predictMs: usage.predictMs + metadata.predict_ms,
  }
}
