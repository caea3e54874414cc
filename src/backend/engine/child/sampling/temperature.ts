import {softmax, type Candidates} from './candidates.js'
import {entropyOf} from './filters.js'

/** Divides the logits by `temperature`; 0 leaves the most likely candidate alone. */
export function applyTemperature(candidates: Candidates, temperature: number): Candidates {
  if (temperature <= 0) return candidates.slice(0, 1)
  return candidates.map(({id, logit}) => ({id, logit: logit / temperature}))
}

/**
 * Dynamic temperature, as llama.cpp's `temp_ext`: between `temperature - range` and `temperature + range`, by the
 * entropy of the candidates relative to that of a uniform choice among them, to the power of `exponent`.
 */
export function applyDynamicTemperature(
  candidates: Candidates,
  {temperature, range, exponent}: {temperature: number; range: number; exponent: number},
): Candidates {
  if (range <= 0 || candidates.length <= 1) return applyTemperature(candidates, temperature)
  const lowest = Math.max(0, temperature - range)
  const highest = temperature + range
  const relativeEntropy = entropyOf(softmax(candidates)) / Math.log(candidates.length)
  return applyTemperature(candidates, lowest + (highest - lowest) * relativeEntropy ** exponent)
}
