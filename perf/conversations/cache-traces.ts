import type {Visit} from './cache-simulation.js'

/** A trace with this many visits, from random numbers between 0 and 1. */
export type Trace = (visits: number, random: () => number) => Visit[]

const visit = (session: string, random: () => number): Visit => ({session, tokens: 20 + Math.floor(random() * 60)})
const oneOf = (count: number, random: () => number): number => Math.floor(random() * count)

/** 40 conversations that continue, mixed with a share of sessions that ask once and never come back. */
const mixed =
  (share: number): Trace =>
  (visits, random) =>
    Array.from({length: visits}, (_, at) =>
      visit(random() < share ? `once ${at}` : `regular ${oneOf(40, random)}`, random),
    )

/** Sessions that return with a probability of one over their rank. */
const zipf: Trace = (visits, random) => {
  const weights = Array.from({length: 300}, (_, rank) => 1 / (rank + 1))
  const sums: number[] = []
  for (const weight of weights) sums.push((sums.at(-1) ?? 0) + weight)
  return Array.from({length: visits}, () => {
    const drawn = random() * (sums.at(-1) ?? 0)
    return visit(`zipf ${sums.findIndex((sum) => sum > drawn)}`, random)
  })
}

/** 30 active sessions, of which one is replaced every 25 visits: old favourites stop coming. */
const moving: Trace = (visits, random) =>
  Array.from({length: visits}, (_, at) => visit(`moving ${Math.floor(at / 25) + oneOf(30, random)}`, random))

/** 60 active sessions, all of which are replaced at once every 1,000 visits. */
const jumping: Trace = (visits, random) =>
  Array.from({length: visits}, (_, at) => visit(`jumping ${Math.floor(at / 1000)} ${oneOf(60, random)}`, random))

/** All sessions are equally likely. */
const uniform: Trace = (visits, random) =>
  Array.from({length: visits}, () => visit(`uniform ${oneOf(60, random)}`, random))

export const traces: Readonly<Record<string, Trace>> = {
  'conversations, half of all visits once only': mixed(0.5),
  'conversations, 80 % once only': mixed(0.8),
  Zipf: zipf,
  'working set that moves on': moving,
  'working set that is replaced at once': jumping,
  uniform,
}
