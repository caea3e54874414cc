import type {Sample} from './runner.js'

export interface Result {
  sequences: number
  competitor: string
  samples: Sample[]
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? NaN
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? NaN)) / 2
}

type Measure = 'wallMs' | 'cpuMs' | 'allCpuMs'

export function perSecond({samples}: Result, measure: Measure): number {
  return median(samples.map((sample) => (sample.tokens * 1000) / sample[measure]))
}

/** A Markdown table: generated tokens per second, and their ratio to the base with the same number of sequences. */
export function renderTable(results: readonly Result[], base: string): string {
  const header = '| sequences | | tokens/s | ratio | tokens/cpu-s | ratio | with the host | ratio |'
  const rows = results.map((result) => {
    const against = results.find(({sequences, competitor}) => sequences === result.sequences && competitor === base)
    const cells = (['wallMs', 'cpuMs', 'allCpuMs'] as const).flatMap((measure) => {
      const value = perSecond(result, measure)
      const ratio = against === undefined ? NaN : value / perSecond(against, measure)
      return [
        Number.isNaN(value) ? '–' : value.toFixed(value < 100 ? 1 : 0),
        Number.isNaN(ratio) ? '–' : ratio.toFixed(2),
      ]
    })
    return `| ${result.sequences} | ${result.competitor} | ${cells.join(' | ')} |`
  })
  return [header, '|---|---|---|---|---|---|---|---|', ...rows].join('\n')
}
