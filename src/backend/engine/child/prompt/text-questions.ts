import {isUtf8} from 'node:buffer'
import {NnError} from '../../../../errors.js'
import type {EngineModel, PromptTokens} from '../model.js'
import type {PackedTokens} from '../../packed-tokens.js'
import type {Prompt, TextQuestions} from '../../protocol.js'
import {tokenBytes} from '../token-bytes.js'
import {fitPrompt} from './fit-prompt.js'
import {Pace} from './pace.js'

/** A part of a character is given as its bytes. */
function pieceOf(model: EngineModel, token: number): string | number[] {
  const text = model.piece(token)
  const bytes = tokenBytes(model.native, token, text)
  return isUtf8(Uint8Array.from(bytes)) ? text : bytes
}

/** `TextQuestions`, whose answers may take until another process has rendered a conversation. */
type Answers = {
  [Question in keyof TextQuestions]: (
    ...args: Parameters<TextQuestions[Question]>
  ) => Promise<ReturnType<TextQuestions[Question]>> | ReturnType<TextQuestions[Question]>
}

/** Answers to questions about texts and tokens. */
export function textQuestions(model: EngineModel): Answers {
  const withPieces = async (tokens: Uint32Array, pace: Pace): Promise<PackedTokens> => {
    const pieces: PackedTokens['pieces'] = new Map()
    for (let at = 0; at < tokens.length; at++) {
      const token = tokens[at] ?? 0
      if (!pieces.has(token)) pieces.set(token, pieceOf(model, token))
      // The clock costs as much as some tokens.
      if (at % 256 === 0 && pace.isDue) await pace.pause()
    }
    return {tokens, pieces}
  }
  return {
    count: async (prompt) => (await model.tokenizePrompt(prompt)).tokens.length,
    render: async (request) => {
      const tokenize = (prompt: Prompt, most: number): Promise<PromptTokens> => model.tokenizeUpTo(most, prompt)
      const {text, tokens, dropped} = await fitPrompt(request, tokenize)
      return {text, dropped, ...(await withPieces(tokens, new Pace()))}
    },
    tokenize: async (text, {addSpecial, parseSpecial}) => {
      const pace = new Pace()
      const tokenize = addSpecial ? model.tokenizeWhole.bind(model) : model.tokenizeText.bind(model)
      return withPieces(await tokenize(text, parseSpecial, pace), pace)
    },
    detokenize: async (tokens) => {
      const wrong = tokens.find((token) => !(Number.isInteger(token) && token >= 0 && token < model.vocabularySize))
      if (wrong !== undefined) {
        throw new NnError(
          'invalid_argument',
          `${wrong} is not a token of this model, which has the tokens 0 to ${model.vocabularySize - 1}.`,
        )
      }
      return model.detokenize(Uint32Array.from(tokens), new Pace())
    },
  }
}
