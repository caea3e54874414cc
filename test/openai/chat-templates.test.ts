import * as assert from 'uvu/assert'
import {initCore} from '../../src/backend/index.js'
import type {Answer} from '../../src/backend/contract/core.js'
import {readChatRequest} from '../../src/openai/chat.js'
import {temporaryFolder, withChatTemplate} from '../support/crafted-gguf.js'
import {phi3, qwen} from '../support/fixtures.js'
import {rejects} from '../support/rejects.js'
import {suite} from '../support/suite.js'

const test = suite('chat templates of model files', {timeoutMs: 20_000})

interface Message {
  role: string
  content: string
}

/** The answer to a chat request by a copy of the model with this template. */
async function answer(model: string, template: string, messages: Message[]): Promise<Answer & {warnings: string[]}> {
  const {file, remove} = await temporaryFolder()
  await using core = await initCore({config: {model: {parallel: 1, ctx_size: 512}, sampling: {repeat_penalty: 1}}})
  try {
    const graph = await core.load({name: await file('model.gguf', await withChatTemplate(model, template))})
    const {input, options} = readChatRequest({messages, temperature: 0, max_tokens: 40})
    const {warnings} = (await core.graphs())[0] ?? {warnings: []}
    return {...(await core.answer({graph}, {input, options})), warnings}
  } finally {
    await remove()
  }
}

const user = (content: string): Message => ({role: 'user', content})
const capital = user('What is the capital of France?')
const france = 'The capital of France is Paris.'

test('a template that cuts the thoughts of earlier answers', async () => {
  const template =
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{% if m.role == 'assistant' and '</think>' in m.content %}" +
    "{{ m.content.split('</think>')[-1].lstrip('\\n') }}{% else %}{{ m.content }}{% endif %}<|im_end|>\n{% endfor %}" +
    '{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}'
  const thoughts = {role: 'assistant', content: '<think>\nA name.\n</think>\n\nNice to meet you, Alice!'}
  const {text, metadata} = await answer(qwen, template, [user('My name is Alice.'), thoughts, user('What is my name?')])
  assert.equal([text, metadata.input_tokens], ['Your name is Alice.', 45])
})

test('a template that trims each message', async () => {
  const template =
    '{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content | trim }}<|im_end|>\n{% endfor %}' +
    '{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}'
  const {text, metadata} = await answer(qwen, template, [user('  What is the capital of France?\n\n')])
  assert.equal([text, metadata.input_tokens], [france, 20])
})

test('a template that says nothing of a system prompt', async () => {
  const template =
    "{{ bos_token }}{% for m in messages %}{% if m.role == 'user' %}<|user|>\n{{ m.content }}<|end|>\n<|assistant|>\n" +
    "{% elif m.role == 'assistant' %}{{ m.content }}<|end|>\n{% endif %}{% endfor %}"
  const system = {role: 'system', content: 'You are Ada, a helpful assistant.'}
  const without = await answer(phi3, template, [user('Who are you?')])
  const both = await answer(phi3, template, [system, user('Who are you?')])
  const merged = await answer(phi3, template, [user(`${system.content}\n\nWho are you?`)])
  assert.ok(both.metadata.input_tokens > without.metadata.input_tokens)
  assert.equal([both.text, both.metadata.input_tokens], [merged.text, merged.metadata.input_tokens])
})

for (const [what, template] of [
  ['empty', ''],
  ['blank', ' \n'],
  ['the name chatml', 'chatml'],
] as const) {
  test(`a template that is ${what} is ChatML`, async () => {
    const {text, warnings} = await answer(qwen, template, [capital])
    assert.is(text, france)
    if (what !== 'the name chatml') assert.match(warnings.join('\n'), 'no chat template')
  })
}

test('a template that no conversation can be rendered with fails the load, unless prompts are raw', async () => {
  const model = {parallel: 1, ctx_size: 64, chat_template: '{{ messages['}
  await using core = await initCore({config: {model}})
  const error = await rejects(
    core.load({name: qwen}),
    'invalid_argument',
    /chat template cannot be read: .*Unexpected EOF/,
  )
  assert.is(error.reason, 'invalid_template')
  assert.match(error.hint ?? '', /model\.chat_template.*model\.prompt_mode to raw/)
  await using raw = await initCore({config: {model: {...model, prompt_mode: 'raw'}}})
  const graph = await raw.load({name: qwen})
  assert.is((await raw.tokenize(graph, 'Hi')).pieces.join(''), 'Hi')
})

test('a template that is the name of another one, or has a mistake, is named', async () => {
  await rejects(
    answer(qwen, 'llama3', [capital]),
    'invalid_argument',
    /the text "llama3", which is not a Jinja template/,
  )
  await rejects(answer(qwen, '{{ messages[', [capital]), 'invalid_argument', /chat template cannot be read/)
})

test('variables of the configuration and of a request reach the template; the request wins', async () => {
  const chat_template = '{{ tone }} {{ topic }}{% for m in messages %} {{ m.content }}{% endfor %}'
  const model = {parallel: 1, ctx_size: 256, chat_template, template_variables: {tone: 'calm', topic: 'rivers'}}
  await using core = await initCore({config: {model}})
  const graph = await core.load({name: qwen})
  const {input, options} = readChatRequest({messages: [user('Go.')], chat_template_kwargs: {topic: 'hills'}})
  assert.is((await core.render({graph}, {input, options})).text, 'calm hills Go.')
  assert.is((await core.render({graph}, {input: 'Go.'})).text, 'calm rivers Go.')
})
