import type {Range, Traffic} from '../../src/bench/traffic/index.js'

export const workloads = ['closed', 'together', 'poisson', 'conversations', 'long-prompt'] as const
export type Workload = (typeof workloads)[number]

/** A kind of traffic, and the size of server that it needs. */
export interface Cell {
  workload: Workload
  /** As the table shows it. */
  load: string
  clients: number
  slots: number
  contextTokens: number
  /** The rate of Poisson arrivals is known only after other cells were measured. */
  traffic: (ratePerSecond: number) => Traffic
}

export interface CellOptions {
  clients: readonly number[]
  requests: number | undefined
  promptTokens: number
  answerTokens: Range
  sessions: boolean
}

const poissonSlots = 16

/** The cells of a workload. Only `closed` and `together` have one for each number of clients. */
export function cellsOf(workload: Workload, options: CellOptions): Cell[] {
  switch (workload) {
    case 'closed':
      return options.clients.map((clients) => closedCell(clients, options))
    case 'together':
      return options.clients.map((clients) => togetherCell(clients, options))
    case 'poisson':
      return [poissonCell(options)]
    case 'conversations':
      return [conversationsCell(options)]
    case 'long-prompt':
      return [longPromptCell(options)]
  }
}

function closedCell(clients: number, {requests, promptTokens, answerTokens}: CellOptions): Cell {
  const count = requests ?? Math.max(24, 2 * clients)
  return {
    workload: 'closed',
    load: `${clients} clients`,
    clients,
    slots: clients,
    contextTokens: contextFor(promptTokens + answerTokens.max),
    traffic: () => ({kind: 'closed', clients, requests: count, promptTokens, answerTokens}),
  }
}

/** The cell that measures the capacity for Poisson arrivals. */
export const capacityCell = (options: CellOptions): Cell => closedCell(poissonSlots, options)

/** All answers have the mean length of the other workloads. */
function togetherCell(clients: number, options: CellOptions): Cell {
  const {min, max} = options.answerTokens
  const mean = Math.round((min + max) / 2)
  const {promptTokens} = options
  const requests = options.requests ?? Math.max(24, 2 * clients)
  return {
    ...closedCell(clients, options),
    workload: 'together',
    traffic: () => ({kind: 'together', clients, requests, promptTokens, answerTokens: {min: mean, max: mean}}),
  }
}

function poissonCell({requests = 48, promptTokens, answerTokens}: CellOptions): Cell {
  return {
    workload: 'poisson',
    load: `${poissonSlots} slots`,
    clients: poissonSlots,
    slots: poissonSlots,
    contextTokens: contextFor(promptTokens + answerTokens.max),
    traffic: (ratePerSecond) => ({kind: 'poisson', ratePerSecond, requests, promptTokens, answerTokens}),
  }
}

function conversationsCell({requests, sessions}: CellOptions): Cell {
  const [clients, turns] = [8, 4]
  const conversations = requests === undefined ? 48 : Math.ceil(requests / turns)
  return {
    workload: 'conversations',
    load: `${conversations} of ${turns} turns, ${clients} clients${sessions ? ', session ids' : ''}`,
    clients,
    slots: clients,
    // The text of an answer may have more tokens when it is tokenized again.
    contextTokens: 1024,
    traffic: () => ({
      kind: 'conversations',
      clients,
      conversations,
      turns,
      systemTokens: 96,
      sessions,
      promptTokens: 48,
      answerTokens: {min: 16, max: 48},
    }),
  }
}

function longPromptCell({promptTokens}: CellOptions): Cell {
  const [clients, longPromptTokens, steadyTokens, contextTokens] = [8, 2000, 40, 2816]
  const most = contextTokens - promptTokens - 64
  return {
    workload: 'long-prompt',
    load: `${longPromptTokens} tokens beside ${clients} answers`,
    clients,
    slots: clients + 1,
    contextTokens,
    // Different lengths, so that the answers do not end together.
    traffic: () => ({
      kind: 'long-prompt',
      clients,
      longPromptTokens,
      steadyTokens,
      promptTokens,
      answerTokens: {min: most - 400, max: most},
    }),
  }
}

function contextFor(tokens: number): number {
  return Math.max(512, Math.ceil((tokens + 64) / 256) * 256)
}
