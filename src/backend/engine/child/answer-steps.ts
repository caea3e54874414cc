import {CostCurve} from './cost-curve.js'
import {planDraft, type Draft} from './draft-plan.js'
import type {Generation, Progress} from './generation.js'
import {planRuns, withFreeRows, type Run} from './row-plan.js'
import type {Part, SampledDecode} from './sampled-decode.js'
import {planShift} from './shift.js'
import type {Slots} from './slots.js'

/**
 * The estimate for larger passes shrinks by this factor at every step that avoids them, so that one bad measurement
 * does not last.
 */
const forgetting = 0.998

const nothing = new Uint32Array()
const first = Uint32Array.of(0)
/** Any token will do, because its cell is removed at once. */
const filler = Uint32Array.of(0)

/** Steps that generate one token for each running answer, or several if guessed tokens are accepted. */
export class AnswerSteps {
  private readonly rowCosts = new CostCurve()
  /** Of steps with guessed tokens: several rows of a slot. */
  private readonly draftCosts = new CostCurve()

  constructor(
    private readonly decode: SampledDecode,
    private readonly slots: Slots,
    private readonly batchSize: number,
    private readonly progressed: (generation: Generation, progress: Progress) => void,
  ) {}

  /**
   * Generates one token for each answer, in the fastest number of passes. Waiting prompts fill gaps with one of their
   * tokens.
   * @returns the time in milliseconds, 0 if nothing was decoded
   */
  async step(answers: readonly Generation[], prompts: readonly Generation[]): Promise<number> {
    const ready = answers.filter((generation) => this.makeRoom(generation))
    if (ready.length === 0) return 0
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
      if (length === 0) this.draftCosts.forget(forgetting)
      else {
        return this.decodeDrafts(
          ready.toSorted((a, b) => a.slot.id - b.slot.id),
          length,
        )
      }
    }
    const parts = runs.flatMap((each) => slotsOf(each).map((id) => this.answerPart(id, bySlot.get(id))))
    const ms = await this.decode.run(parts, 'answers')
    if (ms > 0) this.measureRows(runs, ms)
    return ms
  }

  /** How many tokens of each answer to guess and check in the next step; 0 if that would be slower. */
  private draftLength(answers: readonly Generation[]): number {
    const most = Math.floor(this.batchSize / answers.length) - 1
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
      const ms = Number.isFinite(known) ? known : this.rowCosts.estimate(rows)
      return Math.max(ms, this.rowCosts.estimate(answers.length))
    })
  }

  /** Decodes each answer's last token and the guesses after it, and keeps the guesses that the sampler also chooses. */
  private async decodeDrafts(answers: readonly Generation[], length: number): Promise<number> {
    const positions = Uint32Array.from({length: length + 1}, (_, index) => index)
    const parts = answers.map((generation) => {
      const guessed = generation.lookup?.guess(length) ?? []
      const tokens = Uint32Array.from([...generation.lastToken, ...guessed])
      return {generation, row: {slot: generation.slot, tokens, keep: tokens.length, wanted: positions}}
    })
    const ms = await this.decode.run(parts, 'answers')
    if (ms > 0) this.draftCosts.measured(answers.length * (length + 1), ms)
    return ms
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

  /** Whether the slot has room for one more token, after a context shift if necessary. */
  private makeRoom(generation: Generation): boolean {
    const {slot, request} = generation
    if (slot.tokens.length < request.contextSize) return true
    if (request.contextShift === null) {
      this.progressed(generation, generation.end('context_full'))
      return false
    }
    const {from, count} = planShift(slot.tokens.length, generation.shiftable, request.contextShift)
    if (this.slots.shift(slot, from, count)) return true
    // Recurrent memory has no cells that could be removed.
    this.progressed(generation, generation.end('context_full'))
    return false
  }
}

function tokensLeft({tokens, request: {stopping}}: Generation): number {
  return stopping.max_tokens < 0 ? Infinity : stopping.max_tokens - tokens.length
}

function slotsOf({from, to}: Run): number[] {
  return Array.from({length: to - from + 1}, (_, index) => from + index)
}
