import type {RequestSample} from '../../../src/bench/result.js'

/** A request of 100 prompt tokens and 11 generated ones: the first after 200 ms, then one every 10 ms. */
export function request(changes: Partial<RequestSample> = {}): RequestSample {
  return {
    ...{prompt_tokens: 100, cached_tokens: 0, generated_tokens: 11, counted: 'usage', ended_early: false},
    ...{start_ms: 0, ttft_ms: 200, total_ms: 300, gaps_ms: Array.from({length: 10}, () => 10), engine_ms: null},
    ...{pieces: changes.gaps_ms === undefined ? 11 : changes.gaps_ms.length + 1, first_pieces: 1},
    ...changes,
  }
}
