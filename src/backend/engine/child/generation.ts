import type {OutputMetadata, StopReason, TokenLogprob} from '../../contract/types.js'
import type {LinearPattern} from '../../../documents/linear-pattern.js'
import type {NnError} from '../../../errors.js'
import type {EngineModel} from './model.js'
import {PromptLookup} from './prompt-lookup.js'
import type {GenerateRequest, GenerateResult} from '../protocol.js'
import {repeats} from './repetition.js'
import type {Sampler} from './sampling/sampler.js'
import type {Shiftable} from './shift.js'
import type {Prepared, Slot} from './slots.js'
import {StopDetector, type StopFound} from './stop-detector.js'
import {TextStream} from './text-stream.js'

export interface GenerationParts {
  id: number
  request: GenerateRequest
  prompt: Uint32Array
  turns: readonly number[]
  /** Messages that did not fit into the prompt. */
  dropped: number
  slot: Slot
  sampler: Sampler
  /** Of the request, compiled. */
  patterns: readonly LinearPattern[]
  model: EngineModel
  /** Whether tokens of the answer are guessed. */
  guesses: boolean
  seed: number
  build: {release: string; commit: string}
  now: () => number
}

/** Result of one sampled token. */
export interface Progress {
  text: string
  ended: boolean
}

/** An answer in progress: its prompt, tokens, text and end. */
export class Generation {
  readonly id: number
  readonly request: GenerateRequest
  readonly slot: Slot
  readonly sampler: Sampler
  readonly tokens: number[] = []
  /** The shiftable part of the slot, kept up to date. */
  readonly shiftable: Shiftable
  /** The part of the prompt that the slot already had; `undefined` until the loop has prepared it. */
  prepared: Prepared | undefined
  /** Its position among the prompts: the smallest is evaluated first. */
  turn = 0
  /** Tokens that may still be generated before the next `advance`. */
  credits: number
  /** Guesses its next tokens; `undefined` if guessing is off. */
  readonly lookup: PromptLookup | undefined
  /** Guessed tokens that were decoded, and how many were accepted. */
  readonly drafts = {drafted: 0, accepted: 0}
  ended: StopReason | undefined
  error: NnError | undefined
  private stoppedBy: string | undefined
  private readonly stream: TextStream
  private readonly detector: StopDetector
  private readonly logprobs: TokenLogprob[] = []
  private readonly startedAt: number
  private firstTokenAt: number | undefined
  private lastTokenAt: number

  constructor(private readonly parts: GenerationParts) {
    const {request, model} = parts
    this.id = parts.id
    this.request = request
    this.slot = parts.slot
    const hasSystem = request.prompt.mode === 'chat' && request.prompt.messages[0]?.role === 'system'
    this.shiftable = {turns: [...parts.turns], protectedTokens: hasSystem ? (parts.turns[1] ?? 0) : 0}
    this.sampler = parts.sampler
    this.credits = request.pace === 'step' ? 0 : Infinity
    if (parts.guesses && request.pace === 'free' && !request.deterministic) this.lookup = new PromptLookup(parts.prompt)
    this.stream = new TextStream((tokens) => model.text(tokens))
    this.detector = new StopDetector(request.stopping.stop, parts.patterns)
    this.startedAt = parts.now()
    this.lastTokenAt = this.startedAt
  }

  /** The part of the prompt that may come from a cache: not its last token, whose logits are needed. */
  get cacheable(): Uint32Array {
    const {cachePrompt, deterministic} = this.request
    return cachePrompt && !deterministic ? this.parts.prompt.subarray(0, -1) : new Uint32Array()
  }

  /** Prompt tokens that are not in the slot yet. */
  get promptRest(): Uint32Array {
    return this.parts.prompt.subarray(Math.min(this.slot.tokens.length, this.parts.prompt.length))
  }

  /** The token that was sampled last and is not in the slot yet. */
  get lastToken(): Uint32Array {
    return Uint32Array.from(this.tokens.slice(-1))
  }

  get inPrompt(): boolean {
    return this.tokens.length === 0
  }

  /** Whether the loop can decode for it. Until it is prepared, its slot has the tokens of another conversation. */
  get runnable(): boolean {
    if (this.prepared === undefined || this.ended !== undefined) return false
    return this.credits > 0 || (this.inPrompt && this.promptRest.length > 1)
  }

  /** The answer so far, text that may become a stop string included. */
  get answer(): string {
    return this.detector.answer
  }

  /** Adds the sampled token. */
  accept(token: number, logprob: TokenLogprob | undefined): Progress {
    const now = this.parts.now()
    this.firstTokenAt ??= now
    this.lastTokenAt = now
    this.credits--
    if (this.parts.model.isEog(token)) return this.end('end_of_sequence')
    const {max_tokens, max_repetition_count} = this.request.stopping
    if (max_tokens === 0) return this.end('max_tokens')
    this.tokens.push(token)
    this.lookup?.add(token)
    if (logprob !== undefined) this.logprobs.push(logprob)
    const {text, found} = this.detector.push(this.stream.push(token))
    if (found !== undefined) return this.stopAt(found, text)
    if (max_tokens >= 0 && this.tokens.length >= max_tokens) return this.end('max_tokens', text)
    if (max_repetition_count > 0 && repeats(this.tokens, max_repetition_count)) return this.end('repetition', text)
    return {text, ended: false}
  }

  /** Whether `max_time_ms` is over; counts from when the slot was taken. */
  get overdue(): boolean {
    const {max_time_ms} = this.request.stopping
    return max_time_ms > 0 && this.parts.now() - this.startedAt >= max_time_ms
  }

  /** Ends the answer and returns `text` followed by the text that was held back. */
  end(reason: StopReason, text = ''): Progress {
    const {text: rest, found} = this.detector.push(this.stream.end())
    if (found !== undefined) return this.stopAt(found, text + rest)
    this.ended = reason
    return {text: text + rest + this.detector.end(), ended: true}
  }

  private stopAt(found: StopFound, text: string): Progress {
    this.ended = found.reason
    this.stoppedBy = found.by
    return {text, ended: true}
  }

  metadata(): OutputMetadata {
    const firstAt = this.firstTokenAt ?? this.parts.now()
    const dropped = this.request.droppedBefore + this.parts.dropped
    return {
      input_tokens: this.parts.prompt.length,
      output_tokens: this.tokens.length,
      stop_reason: this.ended ?? null,
      ...(this.stoppedBy !== undefined && {stopped_by: this.stoppedBy}),
      prompt_ms: firstAt - this.startedAt,
      predict_ms: this.lastTokenAt - firstAt,
      ttft_ms: firstAt - this.startedAt,
      cached_tokens: this.prepared?.cachedTokens ?? 0,
      ...(dropped > 0 && {dropped_messages: dropped}),
      ...(this.drafts.drafted > 0 && {drafted_tokens: this.drafts.drafted, accepted_tokens: this.drafts.accepted}),
      seed: this.parts.seed,
      llama_build: this.parts.build.release,
      llama_commit: this.parts.build.commit,
      ...(this.logprobs.length > 0 && {logprobs: this.logprobs}),
    }
  }

  result(): GenerateResult {
    const trimmed = this.ended === 'stop' || this.ended === 'pattern'
    return {
      text: this.answer,
      tokens: trimmed ? null : Uint32Array.from(this.tokens),
      stopReason: this.ended ?? 'aborted',
      cacheSource: this.prepared?.source ?? 'none',
      droppedMessages: this.parts.dropped,
      metadata: this.metadata(),
    }
  }
}
