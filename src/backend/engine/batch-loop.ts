import {setTimeout as delay} from 'node:timers/promises'
import {NnError, toNnError} from '../errors.js'
import type {AddonContext} from './addon-types.js'
import {CostCurve} from './cost-curve.js'
import {Decoder, wallClocks, type Clocks, type DecodeCounts, type Row} from './decoder.js'
import {planDraft, type Draft} from './draft-plan.js'
import type {Generation, Progress} from './generation.js'
import {planPrompts, type Piece} from './prompt-plan.js'
import {PromptShare} from './prompt-share.js'
import {planRuns, withFreeRows, type Run} from './row-plan.js'
import {planShift} from './shift.js'
import type {Slots} from './slots.js'

export interface LoopEvents {
  /** A token of this generation was accepted. */
  progressed: (generation: Generation, progress: Progress) => void
  /** The generation has left the loop: it ended, or failed with `generation.error`. */
  finished: (generation: Generation) => void
  /** After each decode, when all tokens of it are accounted for; `waits` when the next may take much longer, or never come. */
  stepped: (waits: boolean) => void
}

export interface LoopSettings {
  /** Most tokens of one decode. */
  batchSize: number
  /** The longest gap between two tokens of an answer that prompts may cause, in milliseconds. */
  longestGapMs: number
  /** How long a standing loop waits for further requests once one has come, in milliseconds. */
  gatherMs: number
}

/** A standing loop begins when no further request has come for so long, in milliseconds; they come one message at a time. */
const quietMs = 0.5
const longestGatherMs = 5
/** What passes of more rows take shrinks by this at every step that avoids them: one bad measurement must not rule for ever. */
const forgetting = 0.998

/** A row and whose it is; a row that only closes a gap is nobody's. */
interface Part {
  generation: Generation | undefined
  row: Row
}

const nothing = new Uint32Array()
const first = Uint32Array.of(0)
/** Any token does: its cell is removed at once. */
const filler = Uint32Array.of(0)

/**
 * Continuous batching. Every step first evaluates as much of the waiting prompts as their share of the time allows, then
 * decodes one token of each running answer, in as few passes over the weights as measured costs recommend. Between steps
 * generations come, go, are aborted and run out of time.
 *
 * Prompts and answers are decodes of their own: llama.cpp would split a batch of unequal sequences anyway, and so it is
 * known how long either takes. Prompts go first, so that a request has its first token before the next step of the
 * others, and takes part in it: its slot is no gap between theirs.
 */
export class BatchLoop {
  private readonly generations = new Set<Generation>()
  private running: Promise<void> | undefined
  private readonly share: PromptShare
  private readonly decoder: Decoder
  private readonly rowCosts = new CostCurve()
  /** Of steps with guessed tokens: several rows of a slot. */
  private readonly draftCosts = new CostCurve()
  /** Other work on the same threads, one piece between two steps. */
  private readonly others: (() => Promise<void>)[] = []
  /** Prompt tokens evaluated so far. */
  private evaluated = 0

  constructor(
    context: AddonContext,
    private readonly slots: Slots,
    private readonly settings: LoopSettings,
    private readonly events: LoopEvents,
    clocks: Clocks = wallClocks,
  ) {
    this.share = new PromptShare(settings.batchSize, settings.longestGapMs)
    this.decoder = new Decoder(context, slots, settings.batchSize, clocks)
  }

  /** How long the decode under way has taken, in milliseconds; 0 when there is none. */
  get decodingMs(): number {
    return this.decoder.decodingMs
  }

  get counts(): DecodeCounts {
    return this.decoder.counts
  }

  add(generation: Generation): void {
    this.generations.add(generation)
    this.wake()
  }

  /** Runs work that computes on the same threads when no decode runs: two at once would wait for each other's threads. */
  between<Result>(work: () => Promise<Result>): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.others.push(() => work().then(resolve, reject))
      this.wake()
    })
  }

  /** Starts the loop when it stands still and there is something to do. */
  wake(): void {
    this.running ??= this.run().finally(() => {
      this.running = undefined
      if (this.hasWork()) this.wake()
    })
  }

  private hasWork(): boolean {
    return (
      this.others.length > 0 ||
      [...this.generations].some(
        ({runnable, ended, prepared}) => runnable || ended !== undefined || prepared === undefined,
      )
    )
  }

  private async run(): Promise<void> {
    await this.gather()
    while (this.hasWork()) {
      await this.admit()
      for (const generation of this.runnable(true)) await this.step(() => [generation])
      await this.step(() => this.runnable(false))
      this.events.stepped(!this.hasWork() || this.others.length > 0)
      await this.others.shift()?.()
    }
  }

  private runnable(deterministic: boolean): Generation[] {
    return [...this.generations].filter(({runnable, request}) => runnable && request.deterministic === deterministic)
  }

  /** Lets requests that arrive together start together: evaluating their prompts in one decode is quicker for all. */
  private async gather(): Promise<void> {
    const {gatherMs} = this.settings
    const isNew = [...this.generations].some(({prepared}) => prepared === undefined)
    if (gatherMs > 0 && isNew) await delay(gatherMs)
    const from = performance.now()
    let known: number
    let quietFrom = from
    do {
      known = this.generations.size
      await new Promise((resolve) => setImmediate(resolve))
      if (this.generations.size > known) quietFrom = performance.now()
    } while (isNew && performance.now() - quietFrom < quietMs && performance.now() - from < longestGatherMs)
  }

  /** Takes in what is new, takes out what has ended or run out of time. */
  private async admit(): Promise<void> {
    for (const generation of this.generations) {
      if (generation.ended === undefined && generation.prepared === undefined) await this.prepare(generation)
      if (generation.ended === undefined && generation.overdue) {
        this.events.progressed(generation, generation.end('max_time'))
      }
      if (generation.ended !== undefined || generation.error !== undefined) this.finish(generation)
    }
  }

  private async prepare(generation: Generation): Promise<void> {
    const {slot, cacheable, request} = generation
    try {
      generation.prepared = await this.slots.prepare(slot, cacheable, request.session)
      const {length} = generation.promptRest
      generation.turn = this.evaluated + length
      this.share.arrived(length)
    } catch (error) {
      this.fail(generation, toNnError(error, 'runtime_error'))
    }
  }

  private finish(generation: Generation): void {
    this.generations.delete(generation)
    this.slots.release(generation.slot)
    generation.sampler.dispose()
    this.events.finished(generation)
  }

  private async step(select: () => readonly Generation[]): Promise<void> {
    // One may have ended since it was selected, in the step of another.
    const running = select().filter(({runnable}) => runnable)
    const prompts = running.filter(({inPrompt}) => inPrompt)
    if (prompts.length > 0) await this.evaluatePrompts(prompts, running.length - prompts.length)
    if (!this.promptsWait) this.share.idle()
    if (prompts.length > 0) {
      // A request that came meanwhile has a slot, which would be a gap between the others.
      await this.admit()
    }
    const going = select().filter(({runnable}) => runnable)
    await this.decodeAnswers(
      going.filter(({inPrompt}) => !inPrompt),
      going.filter(({inPrompt}) => inPrompt),
    )
  }

  private get promptsWait(): boolean {
    return [...this.generations].some(
      ({inPrompt, prepared, ended}) => inPrompt && prepared !== undefined && ended === undefined,
    )
  }

  private async evaluatePrompts(prompts: readonly Generation[], answers: number): Promise<void> {
    if (answers === 0) {
      // Always the same pieces: the same request gives the same text whenever it is alone.
      await this.evaluate(prompts, this.settings.batchSize)
      return
    }
    const tokens = prompts.reduce((sum, {promptRest}) => sum + promptRest.length, 0)
    let left = this.share.budget({answers, prompts: prompts.length, tokens})
    let waiting = prompts
    while (left > 0 && waiting.length > 0) {
      const ms = await this.evaluate(waiting, this.share.tokens(left))
      this.share.spent(ms)
      waiting = waiting.filter(({inPrompt, runnable}) => inPrompt && runnable)
      left -= ms
      // Less than a pass takes is no time for one more.
      if (this.share.costs.estimate(1) > left) break
    }
  }

  /** Evaluates about so many tokens of the prompts that come first; gives how long that took, in milliseconds. */
  private async evaluate(prompts: readonly Generation[], room: number): Promise<number> {
    // What was sampled last goes out before a decode that may take long.
    this.events.stepped(true)
    const pieces = planPrompts(prompts, room, this.share.costs)
    // Nothing to decode is never right here, and the loop would turn on the spot.
    if (pieces.length === 0) {
      const stuck = new NnError('unknown', 'The prompt has nothing to decode.')
      for (const generation of prompts) this.fail(generation, stuck)
    }
    const parts = pieces.map((piece) => this.promptPart(piece, pieces.length === 1))
    const ms = await this.decode(parts, 'prompts')
    this.evaluated += pieces.reduce((sum, {tokens}) => sum + tokens.length, 0)
    const rows = parts.reduce((sum, {row}) => sum + row.tokens.length, 0)
    if (ms > 0) this.share.measured(rows, ms)
    return ms
  }

  private promptPart({generation, tokens, samples}: Piece, mayPad: boolean): Part {
    const {slot, request} = generation
    const canPad = mayPad && !request.deterministic && this.slots.canDiscard(slot)
    const padded = Math.min(
      canPad ? this.share.padded(tokens.length) : tokens.length,
      this.slots.capacity - slot.tokens.length,
      this.settings.batchSize,
    )
    const wanted = samples ? Uint32Array.of(tokens.length - 1) : nothing
    return {generation, row: {slot, tokens: lengthened(tokens, padded), keep: tokens.length, wanted}}
  }

  /** One token of each answer, in as few passes as is quickest; waiting prompts close gaps with a token of theirs. */
  private async decodeAnswers(answers: readonly Generation[], prompts: readonly Generation[]): Promise<void> {
    const ready = answers.filter((generation) => this.makeRoom(generation))
    if (ready.length === 0) return
    const ids = ready.map(({slot}) => slot.id).sort((a, b) => a - b)
    const bySlot = new Map([...prompts, ...ready].map((generation) => [generation.slot.id, generation]))
    const cost = (rows: number): number => this.rowCosts.optimistic(rows)
    const planned = planRuns(ids, (slot) => bySlot.has(slot) || this.slots.canFill(slot), cost)
    const rides = (slot: number): boolean => bySlot.get(slot)?.inPrompt === true
    const [only] = planned
    const runs = only !== undefined && planned.length === 1 ? [withFreeRows(only, rides, cost)] : planned
    const [run] = runs
    if (run !== undefined && runs.length === 1 && run.to - run.from + 1 === ready.length) {
      const length = this.draftLength(ready)
      if (length > 0) {
        await this.decodeDrafts(
          ready.toSorted((a, b) => a.slot.id - b.slot.id),
          length,
        )
        return
      }
    }
    const parts = runs.flatMap((each) => slotsOf(each).map((id) => this.answerPart(id, bySlot.get(id))))
    const ms = await this.decode(parts, 'answers')
    if (ms === 0) return
    this.share.answered(ms)
    this.measureRows(runs, ms)
  }

  /** How many tokens of each answer are guessed and checked in the next step; 0 when that would not pay. */
  private draftLength(answers: readonly Generation[]): number {
    const most = Math.floor(this.settings.batchSize / answers.length) - 1
    const drafts: Draft[] = []
    for (const generation of answers) {
      const {lookup, slot, request} = generation
      const room = Math.min(most, request.contextSize - slot.tokens.length - 1, tokensLeft(generation) - 1)
      const length = lookup === undefined || !this.slots.canDiscard(slot) ? 0 : lookup.guess(room).length
      if (lookup === undefined || length === 0) return 0
      drafts.push({length, accuracy: lookup.accuracy})
    }
    return planDraft(drafts, (rows) => {
      const known = rows === answers.length ? Infinity : this.draftCosts.estimate(rows)
      return Number.isFinite(known) ? known : this.rowCosts.estimate(rows)
    })
  }

  /** Decodes each answer's last token and guesses behind it, and keeps those that the answer's own sampler chooses as well. */
  private async decodeDrafts(answers: readonly Generation[], length: number): Promise<void> {
    const positions = Uint32Array.from({length: length + 1}, (_, index) => index)
    const parts = answers.map((generation) => {
      const guessed = generation.lookup?.guess(length) ?? []
      const tokens = Uint32Array.from([...generation.lastToken, ...guessed])
      return {generation, row: {slot: generation.slot, tokens, keep: tokens.length, wanted: positions}}
    })
    const ms = await this.decode(parts, 'answers')
    if (ms === 0) return
    this.share.answered(ms)
    this.draftCosts.measured(answers.length * (length + 1), ms)
  }

  private answerPart(id: number, generation: Generation | undefined): Part {
    const slot = generation?.slot ?? this.slots.at(id)
    if (generation === undefined) return {generation, row: {slot, tokens: filler, keep: 0, wanted: nothing}}
    if (!generation.inPrompt) return {generation, row: {slot, tokens: generation.lastToken, keep: 1, wanted: first}}
    const {promptRest} = generation
    // The answer's first token is sampled from the prompt's last one.
    const wanted = promptRest.length === 1 ? first : nothing
    return {generation, row: {slot, tokens: promptRest.subarray(0, 1), keep: 1, wanted}}
  }

  /** Of several passes only the sum is known: each estimate is corrected by the same factor. */
  private measureRows(runs: readonly Run[], ms: number): void {
    const sizes = runs.map(({from, to}) => to - from + 1)
    const [only] = sizes
    if (only !== undefined && sizes.length === 1) {
      this.rowCosts.measured(only, ms)
      return
    }
    const most = (runs[0]?.to ?? 0) - (runs.at(-1)?.from ?? 0) + 1
    for (let rows = Math.min(...sizes) + 1; rows <= most; rows++) {
      if (!sizes.includes(rows)) this.rowCosts.scale(rows, forgetting)
    }
    const expected = sizes.reduce((sum, size) => sum + this.rowCosts.estimate(size), 0)
    if (!Number.isFinite(expected)) return
    for (const size of sizes) this.rowCosts.measured(size, (this.rowCosts.estimate(size) * ms) / expected)
  }

  /** Decodes all parts in one call and samples those that ask for it; gives the time of the decode, 0 when it failed. */
  private async decode(parts: readonly Part[], kind: 'answers' | 'prompts'): Promise<number> {
    if (parts.length === 0) return 0
    let decoded: Awaited<ReturnType<Decoder['decode']>>
    try {
      decoded = await this.decoder.decode(
        parts.map(({row}) => row),
        kind,
      )
    } catch (error) {
      // One bad part fails the whole decode, and what the cells hold now is unknown.
      for (const {generation, row} of parts) {
        if (generation === undefined) this.slots.clear(row.slot)
        else this.fail(generation, toNnError(error, 'runtime_error'))
      }
      return 0
    }
    await Promise.all(
      parts.map(async ({generation, row}, index) => {
        const logits = decoded.logits[index] ?? nothing
        if (generation !== undefined && logits.length > 0) await this.sample(generation, row, logits)
      }),
    )
    return decoded.ms
  }

  /** Whether the slot can take one more token, after a context shift if need be. */
  private makeRoom(generation: Generation): boolean {
    const {slot, request} = generation
    if (slot.tokens.length < request.contextSize) return true
    if (request.contextShift === null) {
      this.events.progressed(generation, generation.end('context_full'))
      return false
    }
    const {from, count} = planShift(slot.tokens.length, generation.shiftable, request.contextShift)
    if (this.slots.shift(slot, from, count)) return true
    // Recurrent memory has no cells that could go.
    this.events.progressed(generation, generation.end('context_full'))
    return false
  }

  /** Samples one token, and as many further ones as were guessed right. */
  private async sample(generation: Generation, {tokens, wanted}: Row, logits: Uint32Array): Promise<void> {
    let right = 0
    try {
      for (const logitIndex of logits) {
        const {token, logprob} = await generation.sampler.next(logitIndex, generation.answer)
        // Aborted while it was being sampled.
        if (generation.ended !== undefined) break
        this.events.progressed(generation, generation.accept(token, logprob))
        if (generation.ended !== undefined || token !== tokens[right + 1]) break
        right++
      }
    } catch (error) {
      this.fail(generation, toNnError(error, 'runtime_error'))
      return
    }
    if (wanted.length > 1) this.keepGuesses(generation, wanted.length - 1, right)
  }

  /** Takes the cells of wrong guesses back. */
  private keepGuesses(generation: Generation, drafted: number, accepted: number): void {
    this.slots.truncate(generation.slot, generation.slot.tokens.length - (drafted - accepted))
    generation.drafts.drafted += drafted
    generation.drafts.accepted += accepted
    this.counts.drafted_tokens += drafted
    this.counts.accepted_tokens += accepted
  }

  private fail(generation: Generation, error: NnError): void {
    generation.error = error
    if (generation.ended === undefined) generation.end('aborted')
    this.slots.clear(generation.slot)
  }
}

function tokensLeft({tokens, request: {stopping}}: Generation): number {
  return stopping.max_tokens < 0 ? Infinity : stopping.max_tokens - tokens.length
}

function slotsOf({from, to}: Run): number[] {
  return Array.from({length: to - from + 1}, (_, index) => from + index)
}

/** The same tokens, and any others behind them. */
function lengthened(tokens: Uint32Array, length: number): Uint32Array {
  if (length <= tokens.length) return tokens
  const longer = new Uint32Array(length)
  longer.set(tokens)
  return longer
}
