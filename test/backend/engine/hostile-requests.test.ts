import * as assert from 'uvu/assert'
import type {GraphId} from '../../../src/backend/contract/types.js'
import {initCore, type LocalCore} from '../../../src/backend/index.js'
import {readChatRequest} from '../../../src/openai/chat.js'
import {temporaryFolder, withChatTemplate} from '../../support/crafted-gguf.js'
import {qwen} from '../../support/fixtures.js'
import {rejects} from '../../support/rejects.js'
import {suite} from '../../support/suite.js'

const test = suite('templates that are hostile to a conversation', {timeoutMs: 30_000})

/** ChatML that does harm when it is asked to, in the fifth message or with a variable. */
const template = `{% set c = messages[-1].content %}{% macro f(x) %}{{ f(x) }}{% endmacro %}
{%- if c == 'die' or messages | length > 4 or evil %}{{ f(1) }}{% endif -%}
{%- if c == 'grow' %}{% set ns = namespace(s='x') %}{% for i in range(40) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}{% endif -%}
{%- if c == 'loop' %}{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}{% endif -%}
{%- for m in messages %}<|im_start|>{{ m.role }}
{{ m.content }}<|im_end|>
{% endfor %}<|im_start|>assistant
`

const config = {model: {parallel: 3, ctx_size: 512, chat_template: template}, sampling: {repeat_penalty: 1, temp: 0}}
const user = (content: string): object => ({role: 'user', content})

async function pidOf(core: LocalCore): Promise<number | null | undefined> {
  const {graphs} = await core.status('memory')
  return graphs[0]?.engine_pid
}

function ask(core: LocalCore, graph: GraphId, messages: object[], more: object = {}): ReturnType<LocalCore['answer']> {
  const {input, options} = readChatRequest({messages, max_tokens: 8, ...more})
  return core.answer({graph}, {input, options})
}

test('only the request fails: the engine stays, and a stream beside it goes on', async () => {
  await using core = await initCore({config})
  const graph = await core.load({name: qwen})
  const before = await pidOf(core)
  const stream = (): ReturnType<LocalCore['answer']> =>
    ask(core, graph, [user('Hello')], {max_tokens: 300, ignore_eos: true})
  const alone = await stream()
  const beside = stream()
  const many = [user('a'), {role: 'assistant', content: 'b'}, user('c'), {role: 'assistant', content: 'd'}, user('e')]
  const evil = {chat_template_kwargs: {evil: true}}
  const failures = await Promise.all([
    rejects(ask(core, graph, [user('die')]), 'invalid_argument', /SIGSEGV/),
    rejects(ask(core, graph, many), 'invalid_argument', /SIGSEGV/),
    rejects(ask(core, graph, [user('Hi')], evil), 'invalid_argument', /SIGSEGV/),
    rejects(ask(core, graph, [user('grow')]), 'invalid_argument', /limit of memory/),
    rejects(ask(core, graph, [user('loop')]), 'invalid_argument', /after 5 s of CPU time/),
  ])
  for (const {reason} of failures) assert.is(reason, 'invalid_template')
  assert.is((await beside).text, alone.text)
  assert.ok((await ask(core, graph, [user('Hello')])).metadata.output_tokens > 0)
  assert.is(await pidOf(core), before)
})

test('an answer that is aborted while its prompt is rendered ends at once', async () => {
  await using core = await initCore({config})
  const graph = await core.load({name: qwen})
  const aborter = new AbortController()
  const {input, options} = readChatRequest({messages: [user('loop')]})
  const looping = core.answer({graph}, {input, options}, {signal: aborter.signal})
  // The next conversation waits for the renderer, or for a new one.
  const next = ask(core, graph, [user('Hello')])
  setImmediate(() => aborter.abort())
  const {text, metadata} = await looping
  assert.equal([text, metadata.stop_reason, metadata.output_tokens], ['', 'aborted', 0])
  assert.ok((await next).metadata.output_tokens > 0)
})

test('a switch to a model whose template cannot be rendered keeps the old one', async (t) => {
  await using core = await initCore({config: {model: {parallel: 1, ctx_size: 256}}})
  const graph = await core.load({name: qwen})
  const {file, remove} = await temporaryFolder()
  t.after(remove)
  const bad = await file('bad.gguf', await withChatTemplate(qwen, '{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}'))
  await rejects(core.switchModel(graph, {name: bad}), 'invalid_argument', /SIGSEGV/)
  assert.ok((await ask(core, graph, [user('Hello')])).metadata.output_tokens > 0)
})
