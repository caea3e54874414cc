import {toNnError, type NnError} from '../../../errors.js'
import type {Decoder, Row} from './decoder.js'
import type {Generation, Progress} from './generation.js'
import type {Slots} from './slots.js'

/** A row and its generation; a row that only closes a gap has none. */
export interface Part {
  generation: Generation | undefined
  row: Row
}

export interface DecodeEvents {
  /** A token of this generation was accepted. */
  progressed: (generation: Generation, progress: Progress) => void
  /** Before a decode, with the ids of its generations. */
  computing?: (ids: readonly number[]) => void
  /** When the tokens of a decode are sampled. */
  computed?: () => void
}

/** Decodes rows, samples tokens from them and passes these to their generations. */
export class SampledDecode {
  constructor(
    private readonly decoder: Decoder,
    private readonly slots: Slots,
    private readonly events: DecodeEvents,
    private readonly fail: (generation: Generation, error: NnError) => void,
  ) {}

  /** Decodes all parts in one call and samples where requested. Returns the time of the decode, 0 if it failed. */
  async run(parts: readonly Part[], kind: 'answers' | 'prompts'): Promise<number> {
    if (parts.length === 0) return 0
    this.events.computing?.(parts.flatMap(({generation}) => generation?.id ?? []))
    try {
      return await this.decodeAndSample(parts, kind)
    } finally {
      this.events.computed?.()
    }
  }

  private async decodeAndSample(parts: readonly Part[], kind: 'answers' | 'prompts'): Promise<number> {
    let decoded: Awaited<ReturnType<Decoder['decode']>>
    try {
      decoded = await this.decoder.decode(
        parts.map(({row}) => row),
        kind,
      )
    } catch (error) {
      // One bad part fails the whole decode, and the contents of the cells are unknown then.
      for (const {generation, row} of parts) {
        if (generation === undefined) this.slots.clear(row.slot)
        else this.fail(generation, toNnError(error, 'runtime_error'))
      }
      return 0
    }
    await Promise.all(
      parts.map(async ({generation, row}, index) => {
        const logits = decoded.logits[index] ?? new Uint32Array()
        if (generation !== undefined && logits.length > 0) await this.sample(generation, row, logits)
      }),
    )
    return decoded.ms
  }

  /** Samples one token, and more as long as the guesses are right. */
  private async sample(generation: Generation, {tokens, wanted}: Row, logits: Uint32Array): Promise<void> {
    let right = 0
    try {
      for (const logitIndex of logits) {
        const {token, logprob} = await generation.sampler.next(logitIndex, generation.answer)
        // Aborted while it was being sampled.
        if (generation.ended !== undefined) break
        const progress = generation.accept(token, logprob)
        this.events.progressed(generation, progress)
        if (progress.ended || token !== tokens[right + 1]) break
        right++
      }
    } catch (error) {
      this.fail(generation, toNnError(error, 'runtime_error'))
      return
    }
    if (wanted.length > 1) this.keepGuesses(generation, wanted.length - 1, right)
  }

  /** Removes the cells of wrong guesses. */
  private keepGuesses(generation: Generation, drafted: number, accepted: number): void {
    this.slots.truncate(generation.slot, generation.slot.tokens.length - (drafted - accepted))
    generation.drafts.drafted += drafted
    generation.drafts.accepted += accepted
    this.decoder.counts.drafted_tokens += drafted
    this.decoder.counts.accepted_tokens += accepted
  }
}
