import {NnError, toNnError} from '../errors.js'
import type {AddonContext} from './addon-types.js'
import type {Generation, Progress} from './generation.js'
import {planShift} from './shift.js'
import type {Slots} from './slots.js'

/** Prompt tokens per step while answers are running, so that a long prompt does not hold them up. */
const promptTokensBesideAnswers = 64

export interface LoopEvents {
  /** A token of this generation was accepted. */
  progressed: (generation: Generation, progress: Progress) => void
  /** The generation has left the loop: it ended, or failed with `generation.error`. */
  finished: (generation: Generation) => void
  /** After each decode, when all tokens of it are accounted for. */
  stepped: () => void
}

interface Part {
  generation: Generation
  tokens: Uint32Array
  /** Whether this part's last token is the one to sample from. */
  samples: boolean
  logitIndex: number
}

/**
 * Continuous batching: every step decodes one token of each running answer and as much of the waiting prompts as the
 * batch holds, then samples all answers. Between steps generations come, go, are aborted and run out of time.
 */
export class BatchLoop {
  private readonly generations = new Set<Generation>()
  private running: Promise<void> | undefined

  constructor(
    private readonly context: AddonContext,
    private readonly slots: Slots,
    private readonly batchSize: number,
    private readonly events: LoopEvents,
  ) {}

  add(generation: Generation): void {
    this.generations.add(generation)
    this.wake()
  }

  /** Starts the loop when it stands still and there is something to do. */
  wake(): void {
    this.running ??= this.run().finally(() => {
      this.running = undefined
      if (this.hasWork()) this.wake()
    })
  }

  private hasWork(): boolean {
    return [...this.generations].some(
      ({runnable, ended, prepared}) => runnable || ended !== undefined || prepared === undefined,
    )
  }

  private async run(): Promise<void> {
    // Lets requests that arrive together start together.
    await new Promise((resolve) => setImmediate(resolve))
    while (this.hasWork()) {
      await this.settle()
      const runnable = [...this.generations].filter((generation) => generation.runnable)
      const alone = runnable.filter(({request}) => request.deterministic)
      for (const generation of alone) await this.step([generation])
      const together = runnable.filter(({request}) => !request.deterministic)
      if (together.length > 0) await this.step(together)
      this.events.stepped()
    }
  }

  /** Takes in what is new, takes out what has ended or run out of time. */
  private async settle(): Promise<void> {
    for (const generation of this.generations) {
      generation.prepared ??= await this.slots.prepare(generation.slot, generation.cacheable)
      if (generation.ended === undefined && generation.overdue) {
        this.events.progressed(generation, generation.end('max_time'))
      }
      if (generation.ended !== undefined || generation.error !== undefined) this.finish(generation)
    }
  }

  private finish(generation: Generation): void {
    this.generations.delete(generation)
    this.slots.release(generation.slot)
    generation.sampler.dispose()
    this.events.finished(generation)
  }

  private async step(generations: readonly Generation[]): Promise<void> {
    const parts = this.plan(generations)
    if (parts.length === 0) {
      this.failStuck(generations)
      return
    }
    try {
      this.context.initBatch(parts.reduce((sum, {tokens}) => sum + tokens.length, 0))
      for (const part of parts) this.addToBatch(part)
      await this.context.decodeBatch()
    } catch (error) {
      // One bad part fails the whole decode, and what the cells hold now is unknown.
      for (const {generation} of parts) this.fail(generation, toNnError(error, 'runtime_error'))
      return
    }
    for (const {generation, tokens} of parts) for (const token of tokens) generation.slot.tokens.push(token)
    await Promise.all(parts.filter(({samples}) => samples).map((part) => this.sample(part)))
  }

  /** One token of each answer first, then prompts in their order. */
  private plan(generations: readonly Generation[]): Part[] {
    const parts: Part[] = []
    let room = this.batchSize
    for (const generation of generations) {
      if (generation.inPrompt || room === 0 || !this.makeRoom(generation)) continue
      parts.push({generation, tokens: generation.lastToken, samples: true, logitIndex: -1})
      room--
    }
    if (parts.length > 0) room = Math.min(room, promptTokensBesideAnswers)
    for (const generation of generations) {
      if (!generation.inPrompt || room === 0) continue
      const rest = generation.promptRest
      // Without a credit the prompt is evaluated up to its last token, which the first step needs.
      const wanted = generation.credits > 0 ? rest.length : rest.length - 1
      const tokens = rest.subarray(0, Math.min(wanted, room))
      if (tokens.length === 0) continue
      parts.push({generation, tokens, samples: tokens.length === rest.length, logitIndex: -1})
      room -= tokens.length
    }
    return parts
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

  /** Nothing to decode is right only for answers that have just ended; else the loop would turn on the spot. */
  private failStuck(generations: readonly Generation[]): void {
    for (const generation of generations) {
      if (generation.ended === undefined)
        this.fail(generation, new NnError('unknown', 'The answer has nothing to decode.'))
    }
  }

  private fail(generation: Generation, error: NnError): void {
    generation.error = error
    if (generation.ended === undefined) generation.end('aborted')
    this.slots.clear(generation.slot)
  }
}
