import {setTimeout as delay} from 'node:timers/promises'
import {NnError, toNnError} from '../errors.js'
import type {AddonContext} from './addon-types.js'
import type {Generation, Progress} from './generation.js'
import {PromptShare} from './prompt-share.js'
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

interface Part {
  generation: Generation
  tokens: Uint32Array
  /** Whether this part's last token is the one to sample from. */
  samples: boolean
  logitIndex: number
}

export interface LoopSettings {
  /** Most tokens of one decode. */
  batchSize: number
  /** Time between two tokens, in milliseconds, that prompts may use up in any case. */
  patienceMs: number
  /** How long a standing loop waits for further requests once one has come, in milliseconds. */
  gatherMs: number
}

/** A standing loop begins when no further request has come for so long, in milliseconds; they come one message at a time. */
const quietMs = 0.5
const longestGatherMs = 5

/**
 * Continuous batching: every step decodes one token of each running answer, samples them, and then evaluates as much
 * of the waiting prompts as their share of the time allows. Between steps generations come, go, are aborted and run
 * out of time.
 *
 * The two halves are decodes of their own: llama.cpp would split a batch of unequal sequences anyway, and so the
 * answers' tokens go out before the prompts are begun, and it is known how long either takes.
 */
export class BatchLoop {
  private readonly generations = new Set<Generation>()
  private running: Promise<void> | undefined
  private readonly share: PromptShare
  private decodingSince: number | undefined
  /** Other work on the same threads, one piece between two steps. */
  private readonly others: (() => Promise<void>)[] = []
  /** Prompt tokens evaluated so far. */
  private evaluated = 0

  constructor(
    private readonly context: AddonContext,
    private readonly slots: Slots,
    private readonly settings: LoopSettings,
    private readonly events: LoopEvents,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.share = new PromptShare(settings.batchSize, settings.patienceMs)
  }

  /** How long the decode under way has taken, in milliseconds; 0 when there is none. */
  get decodingMs(): number {
    return this.decodingSince === undefined ? 0 : this.now() - this.decodingSince
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
      await this.settle()
      const runnable = [...this.generations].filter((generation) => generation.runnable)
      for (const generation of runnable) if (generation.request.deterministic) await this.step([generation])
      await this.step(runnable.filter(({request}) => !request.deterministic))
      this.events.stepped(!this.hasWork() || this.others.length > 0)
      await this.others.shift()?.()
    }
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
  private async settle(): Promise<void> {
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

  private async step(generations: readonly Generation[]): Promise<void> {
    const answers = this.planAnswers(generations.filter(({inPrompt}) => !inPrompt))
    const from = this.now()
    await this.decode(answers)
    const answersMs = this.now() - from
    const prompts = generations.filter(({inPrompt, ended}) => inPrompt && ended === undefined)
    if (prompts.length === 0) {
      this.share.idle()
      return
    }
    this.events.stepped(true)
    if (answers.length === 0) {
      // Always the same pieces: the same request gives the same text whenever it is alone.
      await this.evaluate(prompts, this.settings.batchSize)
      return
    }
    const room = this.share.tokens({answersMs, answers: answers.length, prompts: prompts.length})
    this.share.spent(await this.evaluate(prompts, room))
  }

  /** Evaluates so many tokens of the prompts; gives how long that took, in milliseconds. */
  private async evaluate(prompts: readonly Generation[], room: number): Promise<number> {
    const parts = planPrompts(prompts, room)
    // Nothing to decode is never right here, and the loop would turn on the spot.
    if (parts.length === 0) {
      const stuck = new NnError('unknown', 'The prompt has nothing to decode.')
      for (const generation of prompts) this.fail(generation, stuck)
    }
    const from = this.now()
    await this.decode(parts)
    this.evaluated += sum(parts)
    const ms = this.now() - from
    this.share.measured(sum(parts), ms)
    return ms
  }

  /** Decodes all parts in one call and samples those that ask for it. */
  private async decode(parts: readonly Part[]): Promise<void> {
    if (parts.length === 0) return
    try {
      this.context.initBatch(sum(parts))
      for (const part of parts) this.addToBatch(part)
      this.decodingSince = this.now()
      const decoded = this.context.decodeBatch()
      this.slots.decoded()
      await decoded
    } catch (error) {
      // One bad part fails the whole decode, and what the cells hold now is unknown.
      for (const {generation} of parts) this.fail(generation, toNnError(error, 'runtime_error'))
      return
    } finally {
      this.decodingSince = undefined
    }
    for (const {generation, tokens} of parts) for (const token of tokens) generation.slot.tokens.push(token)
    await Promise.all(parts.filter(({samples}) => samples).map((part) => this.sample(part)))
  }

  /** One token of each answer; the batch holds as many as there are slots. */
  private planAnswers(answers: readonly Generation[]): Part[] {
    return answers
      .filter((generation) => this.makeRoom(generation))
      .map((generation) => ({generation, tokens: generation.lastToken, samples: true, logitIndex: -1}))
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

  private addToBatch(part: Part): void {
    const {generation, tokens, samples} = part
    const wanted = samples ? Uint32Array.of(tokens.length - 1) : new Uint32Array()
    const [index = -1] = this.context.addToBatch(generation.slot.id, generation.slot.tokens.length, tokens, wanted)
    part.logitIndex = index
  }

  private async sample({generation, logitIndex}: Part): Promise<void> {
    try {
      const {token, logprob} = await generation.sampler.next(logitIndex, generation.answer)
      // Aborted while it was being sampled.
      if (generation.ended !== undefined) return
      this.events.progressed(generation, generation.accept(token, logprob))
    } catch (error) {
      this.fail(generation, toNnError(error, 'runtime_error'))
    }
  }

  private fail(generation: Generation, error: NnError): void {
    generation.error = error
    if (generation.ended === undefined) generation.end('aborted')
    this.slots.clear(generation.slot)
  }
}

/**
 * As much of the prompts as there is room for. A short one that comes while a long one is evaluated goes first, until
 * as many tokens were evaluated since as the long one had: that takes it at most twice as long as alone.
 */
function planPrompts(prompts: readonly Generation[], tokens: number): Part[] {
  const parts: Part[] = []
  let room = tokens
  for (const generation of prompts.toSorted((a, b) => a.turn - b.turn)) {
    const rest = generation.promptRest
    // Without a credit the prompt is evaluated up to its last token, which the first step needs.
    const wanted = generation.credits > 0 ? rest.length : rest.length - 1
    const piece = rest.subarray(0, Math.min(wanted, room))
    if (piece.length === 0) continue
    parts.push({generation, tokens: piece, samples: piece.length === rest.length, logitIndex: -1})
    room -= piece.length
  }
  return parts
}

function sum(parts: readonly Part[]): number {
  return parts.reduce((total, {tokens}) => total + tokens.length, 0)
}
