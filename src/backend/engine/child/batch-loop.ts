import {setTimeout as delay} from 'node:timers/promises'
import {NnError, toNnError} from '../../../errors.js'
import type {AddonContext} from './addon-types.js'
import {AnswerSteps} from './answer-steps.js'
import type {DecodeCounts} from '../decode-counts.js'
import {Decoder, wallClocks, type Clocks} from './decoder.js'
import type {Generation} from './generation.js'
import {nextOf, planPrompts, type Piece} from './prompt-plan.js'
import {PromptShare} from './prompt-share.js'
import {SampledDecode, type DecodeEvents, type Part} from './sampled-decode.js'
import type {Slots} from './slots.js'

export interface LoopEvents extends DecodeEvents {
  /** The generation ended, or failed with `generation.error`. */
  finished: (generation: Generation) => void
  /**
   * Called after each decode, when all its tokens are processed. `waits` if the next decode may take much longer or
   * never come.
   */
  stepped: (waits: boolean) => void
}

export interface LoopSettings {
  /** Maximum tokens of one decode. */
  batchSize: number
  /** The longest gap between two tokens of an answer that prompts may cause, in milliseconds. */
  longestGapMs: number
  /** How long an idle loop waits for further requests after the first one, in milliseconds. */
  gatherMs: number
}

/**
 * An idle loop starts when no further request arrived for this time, in milliseconds; requests arrive one message at a
 * time.
 */
const quietMs = 0.5
const longestGatherMs = 5
/**
 * Continuous batching. Each step first evaluates as much of the waiting prompts as their share of the time allows. Then
 * it decodes one token of each running answer, in the number of passes over the weights that is fastest by measurement.
 * Generations start, end, abort and time out between steps.
 *
 * Prompts and answers are separate decodes: llama.cpp would split a batch of unequal sequences anyway, and the time of
 * each is known. Prompts come first, so that a request has its first token before the next step of the others and takes
 * part in it, which leaves no gap between slots.
 */
export class BatchLoop {
  private readonly generations = new Set<Generation>()
  private running: Promise<void> | undefined
  private readonly share: PromptShare
  private readonly decoder: Decoder
  private readonly decode: SampledDecode
  private readonly answers: AnswerSteps
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
    this.decode = new SampledDecode(this.decoder, slots, events, (one, error) => this.fail(one, error))
    this.answers = new AnswerSteps(this.decode, slots, settings.batchSize, events.progressed)
  }

  /** How long the current decode has run, in milliseconds; 0 if there is none. */
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

  /** Runs other work on the same threads while no decode runs; two at once would wait for each other's threads. */
  between<Result>(work: () => Promise<Result>): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.others.push(() => work().then(resolve, reject))
      this.wake()
    })
  }

  /** Starts the loop if it is idle and there is work. */
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

  /** Starts requests together that arrive together: evaluating their prompts in one decode is faster for all. */
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

  /** Adds new generations, removes those that ended or timed out. */
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
    // It may have ended in the step of another generation since it was selected.
    const running = select().filter(({runnable}) => runnable)
    const prompts = running.filter(({inPrompt}) => inPrompt)
    if (prompts.length > 0) await this.evaluatePrompts(prompts, running.length - prompts.length)
    if (!this.promptsWait) this.share.idle()
    if (prompts.length > 0) {
      // A request that arrived in the meantime has a slot, which would be a gap between the others.
      await this.admit()
    }
    const going = select().filter(({runnable}) => runnable)
    const ms = await this.answers.step(
      going.filter(({inPrompt}) => !inPrompt),
      going.filter(({inPrompt}) => inPrompt),
    )
    if (ms > 0) this.share.answered(ms)
  }

  private get promptsWait(): boolean {
    return [...this.generations].some(
      ({inPrompt, prepared, ended}) => inPrompt && prepared !== undefined && ended === undefined,
    )
  }

  private async evaluatePrompts(prompts: readonly Generation[], answers: number): Promise<void> {
    if (answers === 0) {
      // Always use the same pieces, so that the same request gives the same text whenever it runs alone.
      this.share.spent(await this.evaluate(prompts, this.settings.batchSize))
      return
    }
    const tokens = prompts.reduce((sum, {promptRest}) => sum + promptRest.length, 0)
    let left = this.share.budget({answers, prompts: prompts.length, tokens})
    let waiting = prompts
    while (left > 0 && waiting.length > 0) {
      const ms = await this.evaluate(waiting, this.share.tokens(left, nextOf(waiting)?.promptRest.length))
      this.share.spent(ms)
      waiting = waiting.filter(({inPrompt, runnable}) => inPrompt && runnable)
      left -= ms
      // The rest is shorter than a pass.
      if (this.share.costs.estimate(1) > left) break
    }
  }

  /** Evaluates about this many tokens of the first prompts. Returns the time in milliseconds. */
  private async evaluate(prompts: readonly Generation[], room: number): Promise<number> {
    // Send the last samples before a decode that may take long.
    this.events.stepped(true)
    const pieces = planPrompts(prompts, room, this.share.costs)
    // A prompt without tokens is a bug, and the loop would spin.
    if (pieces.length === 0) {
      const stuck = new NnError('unknown', 'The prompt has no tokens to decode.')
      for (const generation of prompts) this.fail(generation, stuck)
    }
    const parts = pieces.map((piece) => this.promptPart(piece, pieces.length === 1))
    const ms = await this.decode.run(parts, 'prompts')
    this.evaluated += pieces.reduce((sum, {tokens}) => sum + tokens.length, 0)
    const rows = parts.reduce((sum, {row}) => sum + row.tokens.length, 0)
    if (ms > 0) this.share.measured(rows, ms)
    return ms
  }

  private promptPart({generation, tokens, samples}: Piece, mayPad: boolean): Part {
    const {slot, request} = generation
    const canPad = mayPad && !request.deterministic && this.slots.canPad(slot)
    const padded = Math.min(
      canPad ? this.share.padded(tokens.length) : tokens.length,
      this.slots.capacity - slot.tokens.length,
      this.settings.batchSize,
    )
    const wanted = samples ? Uint32Array.of(tokens.length - 1) : new Uint32Array()
    return {generation, row: {slot, tokens: lengthened(tokens, padded), keep: tokens.length, wanted}}
  }

  private fail(generation: Generation, error: NnError): void {
    generation.error = error
    if (generation.ended === undefined) generation.end('aborted')
    this.slots.clear(generation.slot)
  }
}

/** The same tokens, possibly followed by others. */
function lengthened(tokens: Uint32Array, length: number): Uint32Array {
  if (length <= tokens.length) return tokens
  const longer = new Uint32Array(length)
  longer.set(tokens)
  return longer
}
