import {median} from '../engine/table.js'
import type {Round} from './measure-round.js'

interface Row {
  title: string
  of: (round: Round) => number | undefined
  digits: number
  /** Left out for a long prompt, which is a single request. */
  ofMany?: true
}

const mib = 1024 ** 2

const rows: readonly Row[] = [
  {title: 'tokens per CPU second', digits: 1, ofMany: true, of: ({figures, cpuMs}) => (figures.tokens * 1000) / cpuMs},
  {title: 'tokens/s', digits: 1, ofMany: true, of: ({figures}) => figures.tokensPerSecond},
  {title: 'requests/s', digits: 2, ofMany: true, of: ({figures}) => figures.completedPerSecond},
  {title: 'ttft p50, ms', digits: 0, ofMany: true, of: ({figures}) => figures.ttftMs?.p50},
  {title: 'ttft p95, ms', digits: 0, ofMany: true, of: ({figures}) => figures.ttftMs?.p95},
  {title: 'inter-token p50, ms', digits: 1, ofMany: true, of: ({figures}) => figures.itlMs?.p50},
  {title: 'inter-token p95, ms', digits: 1, ofMany: true, of: ({figures}) => figures.itlMs?.p95},
  {title: 'longest gap, ms', digits: 0, ofMany: true, of: ({figures}) => figures.itlMs?.max},
  {title: 'prompt tokens', digits: 0, ofMany: true, of: ({figures}) => figures.promptTokens},
  {title: 'cached prompt tokens', digits: 0, ofMany: true, of: ({figures}) => figures.cachedTokens},
  {title: 'long prompt: ttft, ms', digits: 0, of: ({figures}) => figures.longPrompt?.ttftMs},
  {title: 'others before: inter-token p50, ms', digits: 1, of: ({figures}) => figures.longPrompt?.beforeMs?.p50},
  {title: 'others before: inter-token p95, ms', digits: 1, of: ({figures}) => figures.longPrompt?.beforeMs?.p95},
  {title: 'others during: inter-token p50, ms', digits: 1, of: ({figures}) => figures.longPrompt?.duringMs?.p50},
  {title: 'others during: inter-token p95, ms', digits: 1, of: ({figures}) => figures.longPrompt?.duringMs?.p95},
  {title: 'others during: longest gap, ms', digits: 0, of: ({figures}) => figures.longPrompt?.duringMs?.max},
  {title: 'passes per step', digits: 2, of: ({passesPerStep}) => passesPerStep},
  {title: 'memory, MiB', digits: 0, of: ({rssBytes}) => rssBytes / mib},
  {title: 'ready after, ms', digits: 0, of: ({readyMs}) => readyMs},
  {title: 'completed requests', digits: 0, ofMany: true, of: ({figures}) => figures.completed},
  {title: 'failed requests', digits: 0, of: ({figures}) => figures.failed},
]

/** A column of the table: the rounds of one server, in their order. */
export interface Column {
  name: string
  rounds: Round[]
}

export function tableHeader(names: readonly string[]): string {
  const [first, ...others] = names
  const columns = [first ?? '', ...others.flatMap((name) => [name, `${name} / ${first ?? ''}`])]
  return [`| workload | load | figure | ${columns.join(' | ')} |`, `|${'---|'.repeat(3 + columns.length)}`].join('\n')
}

/** A row for each figure: medians, and the medians of the rounds' ratios to the first column. */
export function tableRows(workload: string, load: string, columns: readonly Column[]): string {
  const [first] = columns
  const isLongPrompt = columns.some(({rounds}) => rounds.some(({figures}) => figures.longPrompt !== undefined))
  return rows
    .filter(({ofMany}) => ofMany !== true || !isLongPrompt)
    .flatMap(({title, of, digits}) => {
      const cells = columns.flatMap(({rounds}, index) => {
        const ratios = rounds.flatMap((round, at) => {
          const base = first?.rounds[at]
          const [own, other] = [of(round), base === undefined ? undefined : of(base)]
          return own === undefined || other === undefined || other === 0 ? [] : [own / other]
        })
        return [
          show(
            rounds.flatMap((round) => of(round) ?? []),
            digits,
          ),
          ...(index === 0 ? [] : [show(ratios, 2)]),
        ]
      })
      // The passes are printed even if no server counts them.
      const isEmpty = cells.every((cell) => cell === '-') && title !== 'passes per step'
      return isEmpty ? [] : [`| ${workload} | ${load} | ${title} | ${cells.join(' | ')} |`]
    })
    .join('\n')
}

function show(values: readonly number[], digits: number): string {
  return values.length === 0 ? '-' : median(values).toFixed(digits)
}
