import {bytes, duration, plural, short, table} from '../terminal/units.js'
import type {Fingerprint} from './input/open-input.js'
import type {BatchOutcome} from './run-batch.js'
import type {Tally} from './tally.js'

/** The output of `wnn batch --json`. Counts are items or tokens, times are milliseconds. */
export interface BatchSummary {
  output: string
  /**
   * `stopped`: by a signal; `enough`: more failures than `--max-errors`; `failed`: the model is gone or the disk is
   * full.
   */
  outcome: BatchOutcome | 'failed'
  /** Of this run. */
  succeeded: number
  failed: number
  errors: Tally['errors']
  /** Items that already had a row, and how many of these rows are failures. */
  skipped: number
  skipped_failed: number
  /** Items without a row; `null` if the number is unknown, as for standard input. */
  remaining: number | null
  input_tokens: number
  cached_tokens: number
  output_tokens: number
  /** Items of this run whose prompt lacked the oldest messages, because they did not fit into the context. */
  shortened: number
  wall_ms: number
  output_tokens_per_second: number
  items_per_second: number
  latency_ms: Tally['latencyMs']
}

/** Contents of an input; the output of `wnn batch --dry-run --json`. */
export interface InputCheck {
  items: number
  faulty: number
  /** The first errors. */
  faults: Fault[]
  input: Fingerprint
  /** With `--resume`: items that have a row, how many of these failed, and how many remain. */
  resume?: {done: number; failed: number; remaining: number}
}

export interface Fault {
  line: number
  id: string | null
  message: string
}

export function summarize(
  tally: Tally,
  run: Pick<BatchSummary, 'output' | 'outcome' | 'skipped' | 'skipped_failed' | 'remaining' | 'wall_ms'>,
): BatchSummary {
  const {succeeded, failed, errors, inputTokens, cachedTokens, outputTokens, shortened, latencyMs} = tally
  const perSecond = (count: number): number => (run.wall_ms > 0 ? (count / run.wall_ms) * 1000 : 0)
  return {
    ...run,
    ...{succeeded, failed, errors},
    ...{input_tokens: inputTokens, cached_tokens: cachedTokens, output_tokens: outputTokens, shortened},
    output_tokens_per_second: perSecond(outputTokens),
    items_per_second: perSecond(tally.ended),
    latency_ms: latencyMs,
  }
}

export function renderSummary(summary: BatchSummary): string {
  const {succeeded, failed, errors, skipped, skipped_failed: skippedFailed, latency_ms: latency} = summary
  const kinds = Object.entries(errors).map(([code, count]) => `${count} ${code}`)
  const latencies = Object.entries(latency).flatMap(([name, ms]) => (ms === null ? [] : [`${name} ${duration(ms)}`]))
  return table([
    ...(summary.outcome === 'complete' ? [] : [['ended early', whyEarly(summary)]]),
    ['answered', `${succeeded}`],
    ['failed', `${failed}${failed > 0 ? ` (${kinds.join(', ')})` : ''}`],
    ...(skipped > 0
      ? [['skipped', `${skipped}, done earlier${skippedFailed > 0 ? `, ${skippedFailed} of them failed` : ''}`]]
      : []),
    ['tokens', `${summary.input_tokens} in (${summary.cached_tokens} cached), ${summary.output_tokens} out`],
    ...(summary.shortened > 0
      ? [['shortened', `${summary.shortened} without their oldest messages, which did not fit into the context`]]
      : []),
    ['latency', latencies.length === 0 ? '–' : latencies.join(', ')],
    [
      'time',
      `${duration(summary.wall_ms)}: ${short(summary.items_per_second)} items/s, ${short(summary.output_tokens_per_second)} tokens/s`,
    ],
    ['output', summary.output],
  ]).join('\n')
}

const early = {
  stopped: 'by a signal',
  enough: 'more items failed than --max-errors allows',
  failed: 'by an error',
} as const

function whyEarly({outcome, remaining}: BatchSummary): string {
  const why = outcome === 'complete' ? [] : [early[outcome]]
  const left = remaining === null ? [] : [`${plural(remaining, 'item')} ${remaining === 1 ? 'has' : 'have'} no row yet`]
  return [...why, ...left].join('; ')
}

export function renderCheck({items, faulty, faults, input, resume}: InputCheck): string {
  return [
    `${plural(items, 'item')} in ${bytes(input.bytes)}; ${faulty} ${faulty === 1 ? 'is' : 'are'} not usable.`,
    ...renderFaults(faults, faulty),
    ...(resume === undefined
      ? []
      : [
          `Input and settings are unchanged: ${plural(resume.done, 'item')} ${resume.done === 1 ? 'has' : 'have'} a row (${resume.failed} failed), ${resume.remaining} ${resume.remaining === 1 ? 'remains' : 'remain'}.`,
        ]),
  ].join('\n')
}

/** One line per shown error, and one line for the rest. */
export function renderFaults(faults: readonly Fault[], all: number): string[] {
  const more = all - faults.length
  return [...faults.map(({line, message}) => `line ${line}: ${message}`), ...(more > 0 ? [`… and ${more} more`] : [])]
}
