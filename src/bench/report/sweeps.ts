import type {Test, Workload} from '../result.js'

export type Dimension = 'concurrency' | 'depth' | 'prompt_tokens' | 'generate_tokens'

/** Tests that differ in one size, ordered by it; a single test differs in none. */
export interface Sweep {
  dimension: Dimension | undefined
  tests: readonly Test[]
}

/** The sizes of a workload's tests, the most important one first. */
const dimensions: Readonly<Record<Workload, readonly Dimension[]>> = {
  pp: ['prompt_tokens', 'depth'],
  tg: ['depth', 'generate_tokens'],
  concurrency: ['concurrency', 'prompt_tokens', 'depth', 'generate_tokens'],
  prefix: ['prompt_tokens'],
  load: [],
  switch: [],
  traffic: ['concurrency', 'prompt_tokens', 'depth'],
}

/** Groups the tests of a result into those that can be drawn as one line. */
export function sweepsOf(tests: readonly Test[]): Sweep[] {
  return grouped(tests, ({workload}) => workload).flatMap((group) => {
    const all = dimensions[group[0]?.workload ?? 'load']
    const dimension = all.find((one) => new Set(group.map((test) => test[one])).size > 1)
    if (dimension === undefined) return group.map((test) => ({dimension, tests: [test]}))
    const others = all.filter((one) => one !== dimension)
    return grouped(group, (test) => others.map((one) => test[one]).join()).map((line) =>
      line.length === 1
        ? {dimension: undefined, tests: line}
        : {dimension, tests: line.toSorted((a, b) => a[dimension] - b[dimension])},
    )
  })
}

/** What the tests of a sweep have in common: `pp`, `pp at depth 4,096`, `pp512 + tg128`. */
export function sweepTitle({dimension, tests: [test]}: Sweep): string {
  if (test === undefined) return ''
  if (dimension === undefined) return test.name
  const {workload, prompt_tokens: prompt, generate_tokens: answer, depth} = test
  const pp = dimension === 'prompt_tokens' ? 'pp' : `pp${prompt}`
  const tg = dimension === 'generate_tokens' ? 'tg' : `tg${answer}`
  const names: Record<Workload, string> = {
    ...{pp, tg, concurrency: `${pp} + ${tg}`, prefix: 'prefix', load: 'load', switch: 'switch'},
    traffic: `${pp} + ${tg}, ${test.traffic?.arrivals ?? 'traffic'}`,
  }
  const at = dimension !== 'depth' && depth > 0 ? ` at depth ${depth.toLocaleString('en-US')}` : ''
  return `${names[workload]}${at}`
}

function grouped(tests: readonly Test[], keyOf: (test: Test) => string): Test[][] {
  const groups = new Map<string, Test[]>()
  for (const test of tests) {
    const key = keyOf(test)
    groups.set(key, [...(groups.get(key) ?? []), test])
  }
  return [...groups.values()]
}
