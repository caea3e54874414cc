import {NnError} from '../../../errors.js'
import type {Addon, AddonModel} from './addon-types.js'
import {chatmlTemplate, renderChat, type Renderer} from './chat-template.js'
import type {ChatMessage, Prompt} from '../protocol.js'

export interface TokenizedPrompt {
  tokens: Uint32Array
  /** Where each message's turn starts, including the template text around it; empty in raw mode. */
  turns: number[]
}

/** Tokenizer and chat template of a loaded model. */
export class EngineModel {
  readonly bos: number
  private readonly render: Renderer
  private readonly addsSpace: boolean
  private eogTokens: number[] | undefined
  private tokenTexts: string[] | undefined

  constructor(
    readonly native: AddonModel,
    addon: Addon,
    readonly vocabularySize: number,
    chatTemplate: string | undefined,
  ) {
    this.bos = native.tokenBos()
    this.addsSpace = this.text([native.tokenize('x', false)[0] ?? 0]).startsWith(' ')
    let renderer: InstanceType<Addon['AddonJinjaRenderer']> | undefined
    this.render = (items) => {
      renderer ??= new addon.AddonJinjaRenderer(chatTemplate ?? chatmlTemplate)
      return renderer.render(items)
    }
  }

  /** The whole prompt as tokens; in chat mode through the model's template. */
  tokenizePrompt(prompt: Prompt): TokenizedPrompt {
    return this.withBos(
      prompt.mode === 'raw'
        ? {tokens: [...this.native.tokenize(prompt.text, true)], turns: []}
        : this.tokenizeChat(prompt.messages),
    )
  }

  /** A plain text for embeddings; special tokens are not parsed. */
  tokenizeText(text: string): TokenizedPrompt {
    const tokens = [...this.native.tokenize(text, false)]
    if (tokens.length === 0) return {tokens: new Uint32Array(), turns: []}
    const eos = this.native.tokenEos()
    if (this.native.shouldAppendEosToken() && eos >= 0) tokens.push(eos)
    return this.withBos({tokens, turns: []})
  }

  private withBos({tokens, turns}: {tokens: number[]; turns: number[]}): TokenizedPrompt {
    if (!this.native.shouldPrependBosToken() || this.bos < 0 || tokens[0] === this.bos)
      return {tokens: Uint32Array.from(tokens), turns}
    return {tokens: Uint32Array.from([this.bos, ...tokens]), turns: turns.map((at) => at + 1)}
  }

  private tokenizeChat(messages: readonly ChatMessage[]): {tokens: number[]; turns: number[]} {
    const strings = {bos: this.special(this.bos), eos: this.special(this.native.tokenEos())}
    const tokens: number[] = []
    const turns: number[] = []
    for (const piece of renderChat(this.render, messages, strings)) {
      if (piece.kind === 'template') {
        const from = tokens.length
        append(tokens, from === 0 ? this.native.tokenize(piece.text, true) : this.continued(piece.text, true))
        turns.push(this.turnIn(tokens, from))
        continue
      }
      const message = messages[piece.index]
      if (message === undefined)
        throw new NnError('runtime_error', 'The chat template refers to a message that does not exist.')
      append(tokens, this.usable(message) ?? this.continued(message.content, false))
    }
    return {tokens, turns}
  }

  /** The tokens that a message was generated as, unless they cannot be those: what is on disk may be damaged. */
  private usable({content, tokens}: ChatMessage): Uint32Array | undefined {
    if (tokens === undefined || (tokens.length === 0 && content !== '')) return undefined
    return tokens.every((token) => token < this.vocabularySize) ? tokens : undefined
  }

  /** Where a turn starts in the template text: after the token, and the line break, that ends the previous turn. */
  private turnIn(tokens: readonly number[], from: number): number {
    const end = tokens.findLastIndex((token, at) => at >= from && this.isEog(token))
    if (end < 0) return from
    const next = tokens[end + 1]
    return next !== undefined && this.text([next]).trim() === '' ? end + 2 : end + 1
  }

  /** SentencePiece models add a space before every text, which is wrong in the middle of a prompt. */
  private continued(text: string, special: boolean): Uint32Array {
    if (!this.addsSpace || text.length === 0) return this.native.tokenize(text, special)
    const prefix = this.native.tokenize('\n', false)
    const tokens = this.native.tokenize(`\n${text}`, special)
    return prefix.every((token, index) => tokens[index] === token)
      ? tokens.slice(prefix.length)
      : this.native.tokenize(text, special)
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

  /** Every token that ends an answer. */
  get endTokens(): readonly number[] {
    this.eogTokens ??= Array.from({length: this.vocabularySize}, (_, token) => token).filter((token) =>
      this.isEog(token),
    )
    return this.eogTokens
  }

  /** The text of each single token in the middle of a text. */
  get texts(): readonly string[] {
    this.tokenTexts ??= this.listTexts()
    return this.tokenTexts
  }

  private listTexts(): string[] {
    // Some tokenizers drop a token's leading space at the start of a text, so each token is decoded after another one.
    const before = this.native.tokenize('x', false)
    const skip = this.text(before).length
    return Array.from({length: this.vocabularySize}, (_, token) => this.text([...before, token]).slice(skip))
  }
}

function append(tokens: number[], more: Iterable<number>): void {
  for (const token of more) tokens.push(token)
}
