import {NnError, toNnError} from '../../../errors.js'
import type {Addon, AddonModel} from './addon-types.js'
import {renderChat, templateText, type Renderer} from './prompt/chat-template.js'
import {tokenizeChat} from './prompt/chat-tokens.js'
import {SpecialTokens} from './prompt/special-tokens.js'
import type {ChatMessage, Prompt} from '../protocol.js'
import {tokenBytes} from './token-bytes.js'

export interface TokenizedPrompt {
  tokens: Uint32Array
  /** Where each turn starts, including the template text around it; empty in raw mode. */
  turns: number[]
  /** The prompt as text. */
  text: string
}

/** Tokenizer and chat template of a loaded model. */
export class EngineModel {
  readonly bos: number
  /** @throws `invalid_template` */
  readonly checkTemplate: () => void
  private readonly render: Renderer
  private eogTokens: number[] | undefined
  private specialTokens: SpecialTokens | undefined
  private tokenTexts: string[] | undefined
  /** The text that a single token is decoded after. */
  private before: {tokens: Uint32Array; length: number} | undefined

  constructor(
    readonly native: AddonModel,
    addon: Addon,
    readonly vocabularySize: number,
    chatTemplate: string | undefined,
  ) {
    this.bos = native.tokenBos()
    let renderer: InstanceType<Addon['AddonJinjaRenderer']> | undefined
    const compiled = () => (renderer ??= compile(addon, templateText(chatTemplate)))
    this.render = (variables) => compiled().render(variables)
    this.checkTemplate = () => void compiled()
  }

  /** The whole prompt as tokens; in chat mode through the model's template. */
  tokenizePrompt(prompt: Prompt): TokenizedPrompt {
    if (prompt.mode === 'chat') return this.tokenizeMessages(prompt)
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

  private tokenizeMessages({messages, variables = {}}: Prompt & {mode: 'chat'}): TokenizedPrompt {
    const inputs = {bos: this.special(this.bos), eos: this.special(this.native.tokenEos()), variables}
    const chat = renderChat(this.render, messages, inputs, this.specials)
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
    this.specialTokens ??= new SpecialTokens(this.native, this.vocabularySize)
    return this.specialTokens
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

function compile(addon: Addon, template: string): InstanceType<Addon['AddonJinjaRenderer']> {
  try {
    return new addon.AddonJinjaRenderer(template)
  } catch (error) {
    const reason = toNnError(error).message.replace(/^AddonJinjaRenderer: failed to compile template: /, '')
    throw new NnError('invalid_template', `The model's chat template cannot be read: ${reason}`, {
      hint: 'Set model.chat_template to a template without the mistake, or use prompt_mode raw.',
      cause: error,
    })
  }
}
