import * as assert from 'uvu/assert'
import {renderRequest, renderTokens, type RenderFlags} from '../../src/cli/render-request.js'
import {NnError} from '../../src/errors.js'
import {suite} from '../support/suite.js'

const test = suite('requests of wnn render')

const request = (flags: Partial<RenderFlags>, messages?: string) =>
  renderRequest({
    variables: [],
    files: {messages: messages === undefined ? undefined : {name: 'talk.json', text: messages}, tools: undefined},
    ...flags,
  })

const rejects = (run: () => unknown, pattern: RegExp): void =>
  assert.throws(
    run,
    (error: unknown) => error instanceof NnError && error.reason === 'invalid_argument' && pattern.test(error.message),
  )

test('a file that has no list of messages is named, whatever else it has', () => {
  for (const text of ['null', '5', '"Hi"', '{}', '{"messages": {"role": "user"}}', '{"messages": null}']) {
    rejects(() => request({}, text), /^--messages: talk\.json has no list of messages\.$/)
  }
  rejects(() => request({}, '{'), /^--messages: talk\.json is not valid JSON/)
})

test('variables of a file and of flags come together, the flags last', () => {
  const file = JSON.stringify({messages: [{role: 'user', content: 'Hi'}], chat_template_kwargs: {a: 1, b: [2]}})
  const {options} = request({variables: ['a=true', 'c=', 'd="x: y"', '__proto__=7']}, file)
  const variables = options?.template_variables ?? {}
  assert.equal(Object.entries(variables), [
    ['a', true],
    ['b', [2]],
    ['c', ''],
    ['d', 'x: y'],
    ['__proto__', 7],
  ])
})

test('variables of a file that are no object are not taken apart', () => {
  for (const kwargs of ['"abc"', '[1, 2]', '7']) {
    const file = `{"messages": [{"role": "user", "content": "Hi"}], "chat_template_kwargs": ${kwargs}}`
    rejects(() => request({}, file), /^chat_template_kwargs: must be an object/)
  }
})

test('a value that is not YAML names its variable', () => {
  rejects(() => request({prompt: 'Hi', variables: ['mood=[1,']}), /^--variable mood: the value is not valid YAML: .*\]/)
  rejects(() => request({prompt: 'Hi', variables: ['mood=a: b: c']}), /^--variable mood: /)
})

test('tokens are printed for prompts of any length', () => {
  const tokens = Array.from({length: 300_000}, (_, index) => index % 500)
  const text = renderTokens({text: '', tokens, pieces: tokens.map(() => 'a'), dropped_messages: 0})
  assert.is(text.slice(0, 14), '  0\t"a"\n  1\t"a')
  assert.is(text.split('\n').length, 300_001)
})
