import {once} from 'node:events'
import * as assert from 'uvu/assert'
import {checkTemplate} from '../../../../../src/backend/engine/child/renderer/check-template.js'
import type {RenderLimits} from '../../../../../src/backend/engine/child/renderer/limits.js'
import {TemplateRenderer} from '../../../../../src/backend/engine/child/renderer/template-renderer.js'
import type {ChatMessage} from '../../../../../src/backend/engine/protocol.js'
import {NnError} from '../../../../../src/errors.js'
import {rejects, thrownBy} from '../../../../support/rejects.js'
import {suite, type TestContext} from '../../../../support/suite.js'
import {hostileTemplates} from './hostile-templates.js'

const test = suite('the process that renders templates', {timeoutMs: 20_000})

const mib = 1024 * 1024
const small: RenderLimits = {cpuMs: 300, memoryBytes: 96 * mib, characters: mib}

const user = (content: string): ChatMessage => ({role: 'user', content})

function rendererOf(t: Pick<TestContext, 'after'>, template: string, limits: RenderLimits = small): TemplateRenderer {
  const renderer = new TemplateRenderer(() => limits)
  t.after(() => renderer.end())
  use(renderer, template)
  return renderer
}

function use(renderer: TemplateRenderer, template: string): void {
  renderer.prepare({template, bos: '<s>', eos: '</s>', specials: []})
}

/** What it writes for one message. */
const textOf = async (renderer: TemplateRenderer, content: string, signal?: AbortSignal): Promise<string> =>
  (await renderer.render([user(content)], {}, signal)).text

const plain = '{% for m in messages %}{{ m.content }}{% endfor %}'
/** Harmless but for these messages. */
const moody =
  "{% set c = messages[-1].content %}{% macro f(x) %}{{ f(x) }}{% endmacro %}{{ f(1) if c == 'die' }}" +
  "{% if c == 'loop' %}{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}{% endif %}" +
  plain

test(
  'every hostile template is named, and the next conversation is rendered',
  async (t) => {
    const renderer = rendererOf(t, plain)
    for (const [name, [template, outcome]] of Object.entries(hostileTemplates)) {
      use(renderer, template)
      const rendered = await textOf(renderer, 'Hi').catch((error: unknown) => error)
      if (outcome === 'fine') {
        assert.type(rendered, 'string', `${name}: ${String(rendered)}`)
      } else {
        assert.ok(rendered instanceof NnError, name)
        assert.match(rendered.reason, /^(invalid_template|conversation_rejected)$/, name)
        assert.match(rendered.message, outcome, name)
        assert.ok(rendered.message.length < 450, name)
      }
      use(renderer, plain)
      assert.is(await textOf(renderer, name), name)
    }
  },
  {timeoutMs: 120_000},
)

test('a template that is hostile to one conversation fails only that one', async (t) => {
  const renderer = rendererOf(t, moody)
  const outcomes = await Promise.all(
    ['one', 'die', 'two', 'loop', 'three'].map((content) => textOf(renderer, content).catch((error: unknown) => error)),
  )
  assert.equal([outcomes[0], outcomes[2], outcomes[4]], ['one', 'two', 'three'])
  assert.match(String(outcomes[1]), 'SIGSEGV')
  assert.match(String(outcomes[3]), /after 300 ms of CPU time/)
})

test('an aborted rendering fails at once, and the next conversation does not wait for it', async (t) => {
  const renderer = rendererOf(t, moody, {...small, cpuMs: 120_000})
  assert.is(await textOf(renderer, 'Hi'), 'Hi')
  const [running, waiting] = [new AbortController(), new AbortController()]
  const outcomes = [textOf(renderer, 'loop', running.signal), textOf(renderer, 'never', waiting.signal)].map(thrownBy)
  const next = textOf(renderer, 'next')
  waiting.abort('waiting')
  running.abort('running')
  assert.equal(await Promise.all(outcomes), ['running', 'waiting'])
  assert.is(await next, 'next')
  const before = AbortSignal.abort('before')
  assert.is(await thrownBy(textOf(renderer, 'never', before)), 'before')
})

test('an aborted rendering that soon ends keeps its process', async (t) => {
  const renderer = rendererOf(t, plain, {...small, cpuMs: 5000})
  assert.is(await textOf(renderer, 'Hi'), 'Hi')
  const {pid} = renderer
  const aborter = new AbortController()
  const aborted = thrownBy(textOf(renderer, 'aborted', aborter.signal))
  aborter.abort('now')
  assert.is(await aborted, 'now')
  assert.is(await textOf(renderer, 'next'), 'next')
  assert.is(renderer.pid, pid)
})

test('a process that somebody else ended costs no conversation, unless it happens twice', async (t) => {
  const renderer = rendererOf(t, moody, {...small, cpuMs: 120_000})
  assert.is(await textOf(renderer, 'Hi'), 'Hi')
  const kill = (): void => void process.kill(renderer.pid ?? 0, 'SIGKILL')
  kill()
  assert.is(await textOf(renderer, 'idle'), 'idle')
  const looping = thrownBy(textOf(renderer, 'loop'))
  const first = renderer.pid
  kill()
  while (renderer.pid === first || renderer.pid === undefined) await new Promise((resolve) => setImmediate(resolve))
  kill()
  assert.match(String(await looping), /ended the process that renders it \(SIGKILL\)/)
  assert.is(await textOf(renderer, 'after'), 'after')
})

test('the memory of a large conversation is given back', async (t) => {
  const renderer = rendererOf(t, plain, {cpuMs: 60_000, memoryBytes: 4096 * mib, characters: 1024 * mib})
  assert.is(await textOf(renderer, 'Hi'), 'Hi')
  const {pid} = renderer
  assert.is((await textOf(renderer, 'x'.repeat(30 * mib))).length, 30 * mib)
  assert.is.not(renderer.pid, pid)
  assert.is(await textOf(renderer, 'Hi'), 'Hi')
})

test('a text far larger than its conversation is rejected', async (t) => {
  const renderer = rendererOf(t, '{% for i in range(1000) %}{{ messages[0].content }}{% endfor %}', {
    ...small,
    characters: 10_000,
  })
  assert.is((await textOf(renderer, 'x'.repeat(10))).length, 10_000)
  const error = await rejects(textOf(renderer, 'x'.repeat(11)), 'invalid_argument', /wrote 11000 characters .* 10000\./)
  assert.is(error.reason, 'invalid_template')
})

test('variables decide too: one that makes a template endless costs only its request', async (t) => {
  const renderer = rendererOf(t, `{% if evil %}{% for i in range(1000000000) %}{% endfor %}{% endif %}${plain}`)
  await rejects(renderer.render([user('Hi')], {evil: true}), 'invalid_argument', /was ended/)
  assert.is((await renderer.render([user('Hi')], {evil: false})).text, 'Hi')
})

test('a template that takes some form of a conversation passes the check; others are named', async (t) => {
  const renderer = rendererOf(t, plain)
  const check = (template: string, variables = {}): Promise<void> => {
    use(renderer, template)
    return checkTemplate(renderer, variables)
  }
  for (const template of [
    plain,
    '',
    'chatml',
    `{% if messages[0].role == 'system' %}{{ raise_exception('No system.') }}{% endif %}${plain}`,
    `{% if messages[0].role != 'system' %}{{ raise_exception('A system prompt is needed.') }}{% endif %}${plain}`,
    `{% if messages | length < 3 %}{{ raise_exception('Too short.') }}{% endif %}${plain}`,
  ]) {
    await check(template)
  }
  await check(`{% if mode != 'x' %}{{ raise_exception('Set mode.') }}{% endif %}${plain}`, {mode: 'x'})
  for (const [template, said] of [
    ["{{ raise_exception('Never.') }}", /rejects every conversation: Never\.$/],
    ['{{ 1 }}', /rejects every conversation: The model's chat template leaves out message 1 of 1/],
    ['{% for m in messages %}', /cannot be read/],
    ['llama3', /not a Jinja template/],
    ['{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}', /SIGSEGV/],
  ] as const) {
    const error = await rejects(check(template), 'invalid_argument', said)
    assert.is(error.reason, 'invalid_template')
  }
})

test('it ends when what started it is killed, even while a template runs', async (t) => {
  const {fork} = await import('node:child_process')
  const owner = fork(new URL('../support/renderer-owner.ts', import.meta.url), {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  t.after(() => owner.kill('SIGKILL'))
  const [pid] = (await once(owner, 'message')) as [number]
  owner.send(moody)
  await once(owner, 'message')
  owner.kill('SIGKILL')
  while (isRunning(pid)) await new Promise((resolve) => setImmediate(resolve))
})

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
