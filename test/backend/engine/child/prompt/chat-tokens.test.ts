import * as assert from 'uvu/assert'
import {renderChat} from '../../../../../src/backend/engine/child/prompt/chat-template.js'
import {tokenizeChat, type ChatTokens} from '../../../../../src/backend/engine/child/prompt/chat-tokens.js'
import {Pace} from '../../../../../src/backend/engine/child/prompt/pace.js'
import type {ChatMessage} from '../../../../../src/backend/engine/protocol.js'
import {phi3, qwen} from '../../../../support/fixtures.js'
import {suite} from '../../../../support/suite.js'
import {nativeModel, type NativeModel} from '../support/native-model.js'
import {templates} from './templates.js'

const test = suite('tokens of conversations', {timeoutMs: 20_000})

let models: NativeModel[]
test.before(async () => {
  models = [await nativeModel(qwen), await nativeModel(phi3)]
})
test.after(async () => {
  for (const model of models) await model[Symbol.asyncDispose]()
})

const conversation = (count: number): ChatMessage[] =>
  Array.from({length: count}, (_, index) => ({
    role: index % 2 === 0 ? 'user' : 'assistant',
    content: `Message ${index} asks what the capital of France is.`,
  }))

/** A conversation's tokens, and how many characters were tokenized for them. */
async function tokenized(
  model: NativeModel,
  template: string,
  messages: ChatMessage[],
): Promise<ChatTokens & Record<'text' | 'characters', number>> {
  const renderer = new model.addon.AddonJinjaRenderer(template)
  const {specials} = model.withTemplate()
  const rendered = renderChat((items) => renderer.render(items), messages, {bos: '', eos: '', variables: {}}, specials)
  const chat = {...rendered, messages}
  let characters = 0
  const tokenize = (text: string, special: boolean): Promise<Uint32Array> => {
    characters += text.length
    return Promise.resolve(model.native.tokenize(text, special))
  }
  const tokens = await tokenizeChat(chat, specials, {
    tokenize,
    usable: () => undefined,
    endsTurn: (token) => model.native.isEogToken(token),
    pace: new Pace(),
    most: Infinity,
  })
  return {...tokens, text: chat.text.length, characters}
}

for (const name of ['plain', 'noSpecials', 'filters'] as const) {
  test(`${name}: a long conversation is tokenized at most three times`, async () => {
    for (const model of models) {
      const {text, characters, turns} = await tokenized(model, templates[name] ?? '', conversation(2001))
      assert.ok(characters <= 3 * text, `${characters} of ${text}`)
      assert.is(turns.length, 2002)
      assert.ok(turns.every((turn, index) => index === 0 || turn >= (turns[index - 1] ?? 0)))
    }
  })
}

test('turns start where their texts do, with and without special tokens between them', async () => {
  for (const model of models) {
    for (const name of ['plain', 'noSpecials'] as const) {
      const {tokens, turns} = await tokenized(model, templates[name] ?? '', conversation(41))
      const text = (from: number, to?: number): string =>
        model.native.detokenize(Uint32Array.from(tokens.slice(from, to)), true)
      for (const [index, turn] of turns.slice(0, -1).entries()) {
        // A token more or less.
        assert.match(text(Math.max(0, turn - 2), turns[index + 1]), `Message ${index} asks`)
      }
    }
  }
})
