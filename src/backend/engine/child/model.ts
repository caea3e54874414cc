import type {AddonModel} from './addon-types.js'
import {givenTo, type RenderedText} from './prompt/chat-template.js'
import {tokenizeChat} from './prompt/chat-tokens.js'
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

/** Renders a conversation with the model's template. @throws as `renderChat` */
export type RenderConversation = (
  messages: readonly ChatMessage[],
  variables: Record<string, unknown>,
  signal?: AbortSignal,
) => Promise<RenderedText>

/** Tokenizer of a loaded model, and its chat template. */
export class EngineModel {
  readonly bos: number
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
  }

  /** The whole prompt as tokens; in chat mode through the model's template. */
  async tokenizePrompt(prompt: Prompt, signal?: AbortSignal): Promise<TokenizedPrompt> {
    if (prompt.mode === 'chat') return this.tokenizeMessages(prompt, signal)
    return this.withBos({tokens: [...this.native.tokenize(prompt.text, true)], turns: [], text: prompt.text})
  }

  /** A text with the tokens that the model puts around every text; none for a text without tokens. */
  tokenizeWhole(text: string, special: boolean): Uint32Array {
    const tokens = [...this.native.tokenize(text, special)]
    if (tokens.length === 0) return new Uint32Array()
    const eos = this.native.tokenEos()
    if (this.native.shouldAppendEosToken() && eos >= 0) tokens.push(eos)
    return this.withBos({tokens, turns: [], text}).tokens
  }

  private withBos({tokens, turns, text}: {tokens: number[]; turns: number[]; text: string}): TokenizedPrompt {
    if (!this.native.shouldPrependBosToken() || this.bos < 0 || tokens[0] === this.bos)
      return {tokens: Uint32Array.from(tokens), turns, text}
    return {tokens: Uint32Array.from([this.bos, ...tokens]), turns: turns.map((at) => at + 1), text}
  }

  private async tokenizeMessages(
    {messages, variables = {}}: Prompt & {mode: 'chat'},
    signal: AbortSignal | undefined,
  ): Promise<TokenizedPrompt> {
    const rendered = await this.render(messages, variables, signal)
    const chat = {...rendered, messages: givenTo(messages, rendered.isMerged)}
    const {tokens, turns} = tokenizeChat(
      chat,
      this.specials,
      (text, special) => this.native.tokenize(text, special),
      (message) => this.usable(message),
      (token) => this.isEog(token),
    )
    return this.withBos({tokens, turns, text: chat.text})
  }

  /** The texts that are tokens of their own in a template, and plain text in a message. */
  get specials(): SpecialTokens {
    this.specialTokens ??= new SpecialTokens(this.listed)
    return this.specialTokens
  }

  get listed(): readonly ListedToken[] {
    if (this.listedTokens === undefined) {
      const listing = listSpecialTokens(this.native, this.vocabularySize)
      let step = listing.next()
      while (step.done !== true) step = listing.next()
      this.listedTokens = step.value
    }
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
