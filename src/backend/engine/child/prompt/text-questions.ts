import {isUtf8} from 'node:buffer'
import {NnError} from '../../../../errors.js'
import type {EngineModel} from '../model.js'
import type {TokenizedText} from '../../../contract/core.js'
import type {TextQuestions} from '../../protocol.js'
import {tokenBytes} from '../token-bytes.js'
import {fitPrompt} from './fit-prompt.js'

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
  // A long text has few different tokens, and other answers wait meanwhile.
  const pieces = new Map<number, string | number[]>()
  const piece = (token: number): string | number[] => {
    const known = pieces.get(token) ?? pieceOf(model, token)
    pieces.set(token, known)
    return known
  }
  const withPieces = (tokens: Iterable<number>): TokenizedText => {
    const list = [...tokens]
    return {tokens: list, pieces: list.map(piece)}
  }
  return {
    count: async (prompt) => (await model.tokenizePrompt(prompt)).tokens.length,
    render: async (request) => {
      const {text, tokens, dropped} = await fitPrompt(request, (prompt) => model.tokenizePrompt(prompt))
      return {text, dropped, ...withPieces(tokens)}
    },
    tokenize: (text, {addSpecial, parseSpecial}) =>
      withPieces(addSpecial ? model.tokenizeWhole(text, parseSpecial) : model.native.tokenize(text, parseSpecial)),
    detokenize: (tokens) => {
      const wrong = tokens.find((token) => !(Number.isInteger(token) && token >= 0 && token < model.vocabularySize))
      if (wrong !== undefined) {
        throw new NnError(
          'invalid_argument',
          `${wrong} is not a token of this model, which has the tokens 0 to ${model.vocabularySize - 1}.`,
        )
      }
      return model.native.detokenize(Uint32Array.from(tokens), true)
    },
  }
}
