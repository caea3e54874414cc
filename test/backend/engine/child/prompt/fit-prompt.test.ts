import * as assert from 'uvu/assert'
import {defaultConfig} from '../../../../../src/config/index.js'
import {fitPrompt, type FittedPrompt} from '../../../../../src/backend/engine/child/prompt/fit-prompt.js'
import type {PromptTokens, TokenizedPrompt} from '../../../../../src/backend/engine/child/model.js'
import type {ChatMessage, Prompt} from '../../../../../src/backend/engine/protocol.js'
import {rejects} from '../../../../support/rejects.js'
import {suite} from '../../../../support/suite.js'

const test = suite('fitting a prompt')
const {stopping} = defaultConfig(2)

/** Every character is a token. */
const tokenize = (prompt: Prompt): Promise<TokenizedPrompt> => {
  const text = prompt.mode === 'raw' ? prompt.text : prompt.messages.map(({content}) => content).join('')
  return Promise.resolve({tokens: Uint32Array.from(Buffer.from(text)), turns: [], text})
}

const system: ChatMessage = {role: 'system', content: 'SYST'}

/** A conversation of so many turns of ten characters each, and a last question of ten. */
const conversation = (turns: number): ChatMessage[] => [
  ...Array.from({length: turns}, (_, i): ChatMessage[] => [
    {role: 'user', content: `u${String(i).padStart(4, '0')}`},
    {role: 'assistant', content: `a${String(i).padStart(4, '0')}`},
  ]).flat(),
  {role: 'user', content: 'question??'},
]

const fit = (messages: ChatMessage[], contextSize: number, shifts = true): Promise<FittedPrompt> =>
  fitPrompt(
    {prompt: {mode: 'chat', messages}, contextSize, contextShift: shifts ? {keep: 0, discard: 1} : null, stopping},
    tokenize,
  )

const text = ({tokens}: FittedPrompt): string => Buffer.from(tokens).toString()

test('what fits with room for an answer stays whole', async () => {
  assert.equal((await fit([system, ...conversation(2)], 100)).dropped, 0)
})

test('what does not loses its oldest turns; the system prompt and the question stay', async () => {
  const fitted = await fit([system, ...conversation(10)], 100)
  assert.match(text(fitted), /^SYSTu\d{4}a\d{4}.*question\?\?$/)
  assert.ok(fitted.tokens.length <= 75)
  assert.is(text(fitted).length, 4 + 10 + (20 - fitted.dropped) * 5)
})

test('with room to spare after a cut, the following turns need none', async () => {
  const {dropped} = await fit([system, ...conversation(10)], 100)
  const rest = conversation(11).slice(dropped)
  assert.is((await fit([system, ...rest], 100)).dropped, 0)
})

test('a question alone may take the room of the answer, but not the whole context', async () => {
  assert.is(text(await fit([system, ...conversation(3)], 15)), 'SYSTquestion??')
  await rejects(fit([system, ...conversation(3)], 14), 'prompt_too_long')
})

test('without context shifting a long history is context_full, a long question prompt_too_long', async () => {
  await rejects(fit(conversation(10), 50, false), 'context_full')
  await rejects(fit(conversation(10), 10, false), 'prompt_too_long')
  assert.is((await fit(conversation(3), 41, false)).dropped, 0)
})

test('a prompt of which only a lower limit is known does not fit, and the error says so', async () => {
  const prompt: Prompt = {mode: 'raw', text: 'x'.repeat(1000)}
  const asked: number[] = []
  const count = (_: Prompt, most: number): Promise<{atLeast: number}> => {
    asked.push(most)
    return Promise.resolve({atLeast: most + 1})
  }
  const request = {prompt, contextSize: 100, contextShift: null, stopping}
  await rejects(fitPrompt(request, count), 'prompt_too_long', /has at least 401 tokens; the context size is 100\./)
  assert.equal(asked, [400])
  const long = {...request, prompt: {mode: 'chat' as const, messages: conversation(10)}}
  await rejects(fitPrompt(long, count), 'prompt_too_long', /at least 401/)
})

test('the oldest turns are dropped until the number of tokens is known', async () => {
  const cut = (prompt: Prompt, most: number): Promise<PromptTokens> =>
    tokenize(prompt).then((known) => (known.tokens.length > most ? {atLeast: most + 1} : known))
  const messages = [system, ...conversation(2000)]
  const request = {
    prompt: {mode: 'chat' as const, messages},
    contextSize: 100,
    contextShift: {keep: 0, discard: 1},
    stopping,
  }
  assert.equal(await fitPrompt(request, cut), await fitPrompt(request, tokenize))
})
