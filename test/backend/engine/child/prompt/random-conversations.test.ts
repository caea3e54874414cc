import {Template} from '@huggingface/jinja'
import * as assert from 'uvu/assert'
import {givenTo, renderChat} from '../../../../../src/backend/engine/child/prompt/chat-template.js'
import type {RenderedChat} from '../../../../../src/backend/engine/child/prompt/chat-tokens.js'
import type {ChatMessage} from '../../../../../src/backend/engine/protocol.js'
import {phi3, qwen} from '../../../../support/fixtures.js'
import {suite} from '../../../../support/suite.js'
import {nativeModel, type NativeModel} from '../support/native-model.js'
import {templates} from './templates.js'

const test = suite('random conversations', {timeoutMs: 240_000})

/** Conversations per template and model; `WNN_TEST_CONVERSATIONS=1000` for the full check. */
const count = Number(process.env['WNN_TEST_CONVERSATIONS'] ?? 25)

let models: NativeModel[]
test.before(async () => {
  models = [await nativeModel(qwen), await nativeModel(phi3)]
})
test.after(async () => {
  for (const model of models) await model[Symbol.asyncDispose]()
})

/** Mulberry32, so that a failure can be repeated. */
function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

const words = [
  ...[
    'Hello',
    'the capital',
    'of France?',
    'is 42',
    'naïve',
    '東京',
    '🙂',
    '{{ x }}',
    '{% if %}',
    '"quoted"',
    "it's",
    '\\n',
    '\t',
  ],
  ...[
    '</think>',
    '<think>',
    '<result>',
    '</result>',
    '### USER 1',
    'user',
    'assistant',
    '\r\n',
    '  ',
    '\n\n',
    '&amp;',
    '0.5',
  ],
]
const specials = ['<|im_end|>', '<|im_start|>', '<|endoftext|>', '<|end|>', '<|user|>', '</s>', '<s>', '<unk>']

function conversation(random: () => number, texts: readonly string[]): ChatMessage[] {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T
  const text = (): string => {
    const parts = Array.from({length: 1 + Math.floor(random() * 8)}, () => pick(texts))
    return `${pick(['', '', ' ', '\n'])}${parts.join(pick([' ', '', '\n']))}${pick(['', '', ' ', '\n\n'])}`
  }
  const turns = Math.floor(random() * 4)
  return [
    ...(random() < 0.5 ? [{role: 'system' as const, content: text()}] : []),
    ...Array.from({length: turns}, (): ChatMessage[] => [
      {role: 'user', content: text()},
      {role: 'assistant', content: text()},
    ]).flat(),
    {role: 'user', content: text()},
  ]
}

function rendered(model: NativeModel, template: string, messages: ChatMessage[]): RenderedChat {
  const renderer = new model.addon.AddonJinjaRenderer(template)
  const inputs = {bos: '<s>', eos: '</s>', variables: {}}
  const chat = renderChat((variables) => renderer.render(variables), messages, inputs, model.withTemplate().specials)
  return {...chat, messages: givenTo(messages, chat.isMerged)}
}

for (const [name, template] of Object.entries(templates)) {
  test(`${name}: the text is that of another implementation of Jinja`, () => {
    const random = randomFrom(1)
    const other = new Template(template)
    const [model] = models
    if (model === undefined) throw new Error('There is no model.')
    for (let i = 0; i < count; i++) {
      const messages = conversation(random, i % 2 === 0 ? words : [...words, ...specials])
      const chat = rendered(model, template, messages)
      const parts = name === 'partsOnly'
      const expected = other.render({
        messages: chat.messages.map(({role, content}) => ({
          role,
          content: parts ? [{type: 'text', text: content}] : content,
        })),
        ...{add_generation_prompt: true, bos_token: '<s>', eos_token: '</s>'},
      })
      assert.is(chat.text, expected)
    }
  })

  test(`${name}: the tokens are those of the text, and special tokens of messages do not count`, async () => {
    for (const model of models) {
      const random = randomFrom(2)
      const engine = model.withTemplate(template)
      const found = (text: string): number => engine.specials.find(text).length
      for (let i = 0; i < count; i++) {
        const harmless = conversation(random, words)
        const {text, tokens} = await engine.tokenizePrompt({mode: 'chat', messages: harmless})
        const whole = [...model.native.tokenize(text, true)]
        assert.equal([...tokens].slice(tokens.length - whole.length), whole)
        assert.ok(tokens.length - whole.length <= 1)

        const messages = conversation(random, [...words, ...specials])
        const mixed = await engine.tokenizePrompt({mode: 'chat', messages})
        const inMessages = messages.reduce((sum, {content}) => sum + found(content), 0)
        const inTokens = mixed.tokens.filter((token) => engine.specials.isSpecial(token)).length
        const bos = mixed.tokens[0] === engine.bos && !template.includes('bos_token') ? 1 : 0
        assert.ok(inTokens - bos <= found(mixed.text))
        if (name !== 'thinking') assert.is(inTokens - bos, found(mixed.text) - inMessages, JSON.stringify(messages))
      }
    }
  })
}
