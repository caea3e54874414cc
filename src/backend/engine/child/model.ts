import type {AddonModel} from './addon-types.js'
import {givenTo, type RenderedText} from './prompt/chat-template.js'
import {tokenizeChat} from './prompt/chat-tokens.js'
import {mergedVocabularies} from './prompt/cuts.js'
import {Pace, paced} from './prompt/pace.js'
import {SlicedTokenizer, TooManyTokens} from './prompt/sliced-tokenizer.js'
import {listSpecialTokens, SpecialTokens, type ListedToken} from './prompt/special-tokens.js'
import type {ChatMessage, Prompt} from '../protocol.js'
import {tokenBytes} from './token-bytes.js'

export interface TokenizedPrompt {
  tokens: Uint32Array
  /** Where each turn starts, including the template text around it; empty in raw mode. */
  turns: number[]
  /** The prompt as text. */
  text: string
}

/** Tokens that are decoded in one go. */
const sliceTokens = 8192

/** A prompt's tokens, or a lower limit of their number. */
export type PromptTokens = TokenizedPrompt | {atLeast: number}

/** Renders a conversation with the model's template. @throws as `renderChat` */
export type RenderConversation = (
  messages: readonly ChatMessage[],
  variables: Record<string, unknown>,
  signal?: AbortSignal,
) => Promise<RenderedText>

/** Tokenizer of a loaded model, and its chat template. */
export class EngineModel {
  readonly bos: number
  private readonly sliced: SlicedTokenizer
  private eogTokens: number[] | undefined
  private specialTokens: SpecialTokens | undefined
  private listedTokens: readonly ListedToken[] | undefined
  private tokenTexts: string[] | undefined
  /** The text that a single token is decoded after. */
  private before: {tokens: Uint32Array; length: number} | undefined

  constructor(
    readonly native: AddonModel,
    readonly vocabularySize: number,
    private readonly render: RenderConversation,
  ) {
    this.bos = native.tokenBos()
    this.sliced = new SlicedTokenizer(native, vocabularySize)
  }

  /** The whole prompt as tokens; in chat mode through the model's template. */
  tokenizePrompt(prompt: Prompt): Promise<TokenizedPrompt> {
    return this.tokenizeAny(prompt, Infinity)
  }

  /** The same where the tokens are not more than `most`; else perhaps only a lower limit of their number. */
  async tokenizeUpTo(most: number, prompt: Prompt, signal?: AbortSignal): Promise<PromptTokens> {
    try {
      return await this.tokenizeAny(prompt, most, signal)
    } catch (error) {
      if (error instanceof TooManyTokens) return {atLeast: error.atLeast}
      throw error
    }
  }

  private async tokenizeAny(prompt: Prompt, most: number, signal?: AbortSignal): Promise<TokenizedPrompt> {
    const pace = new Pace(signal)
    if (prompt.mode === 'chat') return this.tokenizeMessages(prompt, pace, most, signal)
    const tokens = await this.sliced.tokenize(prompt.text, true, pace, most)
    return this.withBos({tokens, turns: [], text: prompt.text})
  }

  /** A text with the tokens that the model puts around every text; none for a text without tokens. */
  async tokenizeWhole(text: string, special: boolean, pace = new Pace()): Promise<Uint32Array> {
    const tokens = await this.sliced.tokenize(text, special, pace)
    if (tokens.length === 0) return tokens
    const eos = this.native.tokenEos()
    const isOpen = this.native.shouldAppendEosToken() && eos >= 0
    return this.withBos({tokens: isOpen ? joined(tokens, [eos]) : tokens, turns: [], text}).tokens
  }

  /** A text as it is, without tokens around it. */
  tokenizeText(text: string, special: boolean, pace = new Pace()): Promise<Uint32Array> {
    return this.sliced.tokenize(text, special, pace)
  }

  private withBos({tokens, turns, text}: TokenizedPrompt): TokenizedPrompt {
    if (!this.native.shouldPrependBosToken() || this.bos < 0 || tokens[0] === this.bos) return {tokens, turns, text}
    return {tokens: joined([this.bos], tokens), turns: turns.map((at) => at + 1), text}
  }

  private async tokenizeMessages(
    {messages, variables = {}}: Prompt & {mode: 'chat'},
    pace: Pace,
    most: number,
    signal: AbortSignal | undefined,
  ): Promise<TokenizedPrompt> {
    const rendered = await this.render(messages, variables, signal)
    const chat = {...rendered, messages: givenTo(messages, rendered.isMerged)}
    const {tokens, turns} = await tokenizeChat(chat, this.specials, {
      tokenize: (text, special) => this.sliced.tokenize(text, special, pace, most),
      usable: (message) => this.usable(message),
      endsTurn: (token) => this.isEog(token),
      pace,
      most,
    })
    return this.withBos({tokens, turns, text: chat.text})
  }

  /** The texts that are tokens of their own in a template, and plain text in a message. */
  get specials(): SpecialTokens {
    this.specialTokens ??= new SpecialTokens(this.listed)
    return this.specialTokens
  }

  private get listed(): readonly ListedToken[] {
    if (this.listedTokens === undefined) {
      const listing = listSpecialTokens(this.native, this.vocabularySize)
      let step = listing.next()
      while (step.done !== true) step = listing.next()
      this.listedTokens = step.value
    }
    return this.listedTokens
  }

  /** Lists the special tokens, with pauses. Without this, they are listed when they are first needed. */
  async listSpecials(): Promise<readonly ListedToken[]> {
    this.listedTokens ??= await paced(listSpecialTokens(this.native, this.vocabularySize), new Pace())
    return this.listedTokens
  }

  /** The special tokens that every template gets. */
  get edges(): {bos: string; eos: string} {
    return {bos: this.special(this.bos), eos: this.special(this.native.tokenEos())}
  }

  /** The tokens that a message was generated as, unless they cannot be those: what is on disk may be damaged. */
  private usable({content, tokens}: ChatMessage): Uint32Array | undefined {
    if (tokens === undefined || (tokens.length === 0 && content !== '')) return undefined
    return tokens.every((token) => token < this.vocabularySize) ? tokens : undefined
  }

  /** Tokens of a plain text, special tokens not parsed. */
  tokenize(text: string): Uint32Array {
    return this.native.tokenize(text, false)
  }

  text(tokens: Iterable<number>): string {
    return this.native.detokenize(Uint32Array.from(tokens), false)
  }

  /** The text of tokens, special ones included. */
  async detokenize(tokens: Uint32Array, pace: Pace): Promise<string> {
    const parts: string[] = []
    let from = 0
    while (from < tokens.length) {
      const to = this.nextSeam(tokens, from + sliceTokens)
      // Some tokenizers drop the space that a text begins with, so a part is decoded after the token before it.
      const before = Math.max(0, from - 1)
      const skipped = this.native.detokenize(tokens.subarray(before, from), true).length
      parts.push(this.native.detokenize(tokens.subarray(before, to), true).slice(skipped))
      from = to
      if (pace.isDue) await pace.pause()
    }
    return parts.join('')
  }

  /** A place from there on that is between two whole characters. */
  private nextSeam(tokens: Uint32Array, from: number): number {
    // Other kinds of vocabularies change the spaces of a whole text.
    if (!mergedVocabularies.includes(this.native.getVocabularyType())) return tokens.length
    let at = from
    while (at < tokens.length && (this.isPart(tokens[at - 1]) || this.isPart(tokens[at]))) at++
    return Math.min(at, tokens.length)
  }

  /** Whether a token may be a part of a character. */
  private isPart(token = 0): boolean {
    return this.native.detokenize(Uint32Array.of(token), true).includes('\uFFFD')
  }

  /** The text of a special token; empty if the model does not have it. */
  private special(token: number): string {
    if (token < 0) return ''
    return this.native.detokenize(Uint32Array.of(token), true)
  }

  isEog(token: number): boolean {
    return this.native.isEogToken(token)
  }

  /** The text of one token in the middle of a text, special tokens included. */
  piece(token: number): string {
    return this.specials.isSpecial(token) ? this.special(token) : this.inMiddle(token)
  }

  /** Every token that ends an answer. */
  get endTokens(): readonly number[] {
    this.eogTokens ??= Array.from({length: this.vocabularySize}, (_, token) => token).filter((token) =>
      this.isEog(token),
    )
    return this.eogTokens
  }

  /** The text of each single token in the middle of a text. */
  get texts(): readonly string[] {
    this.tokenTexts ??= Array.from({length: this.vocabularySize}, (_, token) => this.inMiddle(token))
    return this.tokenTexts
  }

  /** The bytes of a single token, which may be a part of a character. */
  bytes(token: number): number[] {
    return tokenBytes(this.native, token, this.tokenTexts?.[token] ?? this.inMiddle(token))
  }

  /** Some tokenizers drop a token's leading space at the start of a text, so it is decoded after another one. */
  private inMiddle(token: number): string {
    if (this.before === undefined) {
      const tokens = this.native.tokenize('x', false)
      this.before = {tokens, length: this.text(tokens).length}
    }
    return this.text([...this.before.tokens, token]).slice(this.before.length)
  }
}

function joined(first: ArrayLike<number>, second: ArrayLike<number>): Uint32Array {
  const tokens = new Uint32Array(first.length + second.length)
  tokens.set(first)
  tokens.set(second, first.length)
  return tokens
}
