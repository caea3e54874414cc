import * as assert from 'uvu/assert'
import {configFromObject, type RuntimeOptions} from '../../src/config/index.js'
import {Template} from '../../src/batch/items/template.js'
import {rejects} from '../support/rejects.js'
import {suite} from '../support/suite.js'
import {faultOf, read, readRecords} from './support/read-items.js'

const test = suite('items of a batch')

/** Numbers of an item's fields as its input writes them. */
const writtenAs =
  (fields: Readonly<Record<string, string>>) =>
  ([name]: readonly (string | number)[]): string | undefined =>
    fields[String(name)]

async function readOne(
  value: unknown,
  context: Parameters<typeof read>[1] = {},
): Promise<{input: string; options: RuntimeOptions}> {
  const [item] = await read([value], context)
  if (item === undefined) throw new Error('no item')
  if ('fault' in item.question) throw item.question.fault
  if ('embeddings' in item.question) throw new Error('no text is asked for')
  const {input, options} = item.question
  return {input, options}
}

const understood: [what: string, value: unknown, input: string, options: object][] = [
  ['a prompt', {prompt: 'Hi'}, 'Hi', {deterministic: false}],
  ['a text alone', 'Hi', 'Hi', {deterministic: false}],
  [
    'options by their names and aliases',
    {prompt: 'Hi', temperature: 0.5, 'max-tokens': 3},
    'Hi',
    {temp: 0.5, max_tokens: 3, deterministic: false},
  ],
  ['options in sections', {prompt: 'Hi', sampling: {top_k: 1}}, 'Hi', {top_k: 1, deterministic: false}],
  ['greedy items as deterministic', {prompt: 'Hi', temp: 0}, 'Hi', {temp: 0, deterministic: true}],
  ['who wants it otherwise', {prompt: 'Hi', temp: 0, deterministic: false}, 'Hi', {temp: 0, deterministic: false}],
  [
    'messages',
    {
      messages: [
        {role: 'system', content: 'Be kind.'},
        {role: 'user', content: 'Hi'},
        {role: 'assistant', content: 'Hello'},
        {role: 'user', content: 'And?'},
      ],
    },
    'And?',
    {
      system_prompt: 'Be kind.',
      history: [
        {role: 'user', content: 'Hi'},
        {role: 'assistant', content: 'Hello'},
      ],
      deterministic: false,
    },
  ],
  [
    'a chat of OpenAI',
    {
      custom_id: 'a',
      method: 'POST',
      url: '/v1/chat/completions',
      body: {messages: [{role: 'user', content: 'Hi'}], temperature: 0},
    },
    'Hi',
    {temp: 0, system_prompt: '', prompt_mode: 'chat', history: [], deterministic: true},
  ],
  [
    'a completion of OpenAI',
    {custom_id: 'a', url: '/v1/completions', body: {prompt: 'Once'}},
    'Once',
    {prompt_mode: 'raw', deterministic: false},
  ],
]
for (const [what, value, input, options] of understood) {
  test(`understands ${what}`, async () => assert.equal(await readOne(value), {input, options}))
}

test('understands embeddings of OpenAI, with what holds for all items', async () => {
  const body = {model: 'm', input: ['a', 'b'], encoding_format: 'base64', priority: 'high'}
  const [item] = await read([{custom_id: 'a', method: 'POST', url: '/v1/embeddings', body}], {
    defaults: {priority: 'low', timeout_ms: 500, max_time_ms: 0},
  })
  assert.equal(item?.question, {
    embeddings: {
      ...{model: 'm', ignored: [], texts: ['a', 'b'], encoding: 'base64', dimensions: undefined},
      options: {priority: 'high', timeoutMs: 500},
    },
  })
})

test('columns for a template may be called as the fields of the other form', async () => {
  const template = new Template('Summarise {{url}}: {{body}}', 't')
  assert.is((await readOne({url: 'u', body: 'b'}, {template})).input, 'Summarise u: b')
})

const faulty: [what: string, value: unknown, message: RegExp, hint?: RegExp][] = [
  ['a number', 3, /An item must be an object or a string; got 3/],
  ['an empty object', {}, /either a prompt or messages/],
  ['both', {prompt: 'a', messages: []}, /either a prompt or messages/],
  ['an empty prompt', {prompt: ''}, /prompt: must be a non-empty string/],
  ['an unknown option', {prompt: 'a', tmep: 0}, /^tmep: unknown key "tmep"$/, /Did you mean "temp"\?/],
  ['a misspelt prompt', {promt: 'a'}, /^promt: unknown key "promt"$/, /^Did you mean "prompt"\?$/],
  ['a prompt in capitals', {PROMPT: 'a'}, /^PROMPT: unknown key/, /^Did you mean "prompt"\?$/],
  ['misspelt messages', {mesages: []}, /^mesages: unknown key/, /^Did you mean "messages"\?$/],
  ['a misspelt id', {prompt: 'a', Id: 1}, /^Id: unknown key/, /^Did you mean "id"\?$/],
  ['a wrong value', {prompt: 'a', temp: -2, top_p: 2}, /^temp: must be .* got -2; top_p: must be .* got 2$/],
  ['a history', {prompt: 'a', history: []}, /write earlier turns as messages/],
  ['standard output', {prompt: 'a', stream_stdout: true}, /stream_stdout/],
  ['an id that is none', {id: {}, prompt: 'a'}, /id: must be a string or an integer/],
  ['messages without a question', {messages: [{role: 'assistant', content: 'a'}]}, /must have the role user/],
  ['no messages', {messages: []}, /^messages: must have at least one message, by the user; got \[\]\.$/],
  ['raw messages', {messages: [{role: 'user', content: 'a'}], prompt_mode: 'raw'}, /needs prompt_mode chat/],
  [
    'two system prompts',
    {
      system_prompt: 'a',
      messages: [
        {role: 'system', content: 'b'},
        {role: 'user', content: 'c'},
      ],
    },
    /cannot be combined with a system message/,
  ],
  ['another url', {custom_id: 'a', url: '/v1/models', body: {}}, /url: must be one of .*; got "\/v1\/models"/],
  [
    'another method',
    {custom_id: 'a', method: 'GET', url: '/v1/completions', body: {prompt: 'a'}},
    /method: must be POST/,
  ],
  ['no body', {custom_id: 'a', url: '/v1/completions'}, /body must be a JSON object/],
  [
    'a broken body',
    {custom_id: 'a', url: '/v1/completions', body: {prompt: 'a', temperature: 'hot'}},
    /temperature: must be a number/,
  ],
  ['a stream', {custom_id: 'a', url: '/v1/completions', body: {prompt: 'a', stream: true}}, /cannot stream/],
  [
    'a session',
    {custom_id: 'a', url: '/v1/completions', body: {prompt: 'a', session_id: 'b'}},
    /conversation of its own/,
  ],
  [
    'a field beside the body',
    {custom_id: 'a', url: '/v1/completions', body: {prompt: 'a'}, temperature: 0},
    /^temperature: unknown field/,
  ],
]
for (const [what, value, message, hint] of faulty) {
  test(`refuses ${what}`, async () => {
    const error = await rejects(readOne(value), 'invalid_argument', message)
    if (hint !== undefined) assert.match(error.hint ?? '', hint)
  })
}

test('ids and numbers of a template are as the input writes them', async () => {
  const template = new Template('Version {{n}}', 't')
  const record = {
    line: 1,
    content: {value: {id: 12345678901234567e3, n: 1.1}, written: writtenAs({id: '12345678901234567890', n: '1.10'})},
  }
  const [item] = await readRecords([record], {template})
  assert.equal(
    [item?.id, item && 'input' in item.question ? item.question.input : ''],
    ['12345678901234567890', 'Version 1.10'],
  )
  const [rounded] = await readRecords([{line: 1, content: {value: {id: 2 ** 60, prompt: 'a'}}}])
  assert.match((rounded && faultOf(rounded)?.message) ?? '', /^id: must be a string or an integer/)
})

test('cells mean what a spreadsheet shows', async () => {
  const options = async (cells: object): Promise<RuntimeOptions> =>
    (await readOne({prompt: 'a', ...cells}, {isText: true})).options
  for (const [cells, expected] of [
    [{ignore_eos: 'TRUE'}, {ignore_eos: true}],
    [{ignore_eos: ' False '}, {ignore_eos: false}],
    [
      {deterministic: 'FALSE', temperature: '.5'},
      {deterministic: false, temp: 0.5},
    ],
    [
      {top_k: '+5', seed: '007', max_tokens: '1E+02'},
      {top_k: 5, seed: 7, max_tokens: 100},
    ],
    [{top_k: '5.0'}, {top_k: 5}],
    [{stop: '42'}, {stop: ['42']}],
    [{stop: 'TRUE'}, {stop: ['TRUE']}],
    [{stop: 'null'}, {stop: ['null']}],
    [{stop: '[END]'}, {stop: ['[END]']}],
    [{stop: '"a\\n"'}, {stop: ['a\n']}],
    [{forbidden_tokens: '42'}, {forbidden_tokens: [42]}],
  ] as const) {
    assert.equal(await options(cells), {deterministic: false, ...expected}, JSON.stringify(cells))
  }
})

test('a decimal comma is told to be a point', async () => {
  const error = await rejects(readOne({prompt: 'a', temp: '0,7'}, {isText: true}), 'invalid_argument', /got "0,7"/)
  assert.is(error.hint, 'Write it with a point: 0.7')
})

test('a separator of thousands is told to be left out, and is never read as a point', async () => {
  for (const [option, cell, hint] of [
    ['max_tokens', '1,000', 'Write it without a separator: 1000'],
    ['max_tokens', ' 1.000 ', 'Write it without a separator: 1000. If you mean 1, write 1.'],
    ['max_tokens', '12.500', 'Write it without a separator: 12500'],
    ['max-tokens', '+1.000.000', 'Write it without a separator: 1000000'],
    ['seed', '1,234,567', 'Write it without a separator: 1234567'],
    ['seed', "1'000", 'Write it without a separator: 1000'],
    ['seed', '1\u202F000', 'Write it without a separator: 1000'],
    ['top_k', '40,5', 'Write a whole number.'],
    ['temp', '1,000', 'Write it without a separator, 1000, or with a point, 1.000'],
    ['temp', '1.000,5', undefined],
    ['temp', '0,700', 'Write it with a point: 0.700'],
  ] as const) {
    const error = await rejects(readOne({prompt: 'a', [option]: cell}, {isText: true}), 'invalid_argument', /; got "/)
    assert.is(error.hint, hint, `${option} ${cell}`)
  }
  const {options} = await readOne({prompt: 'a', temp: '1.000', top_k: '40.0', max_tokens: '1.000e3'}, {isText: true})
  assert.equal([options.temp, options.top_k, options.max_tokens], [1, 40, 1000])
  assert.is((await readOne({prompt: 'a', max_tokens: 1.0})).options.max_tokens, 1)
})

test('fields that nothing reads are named, at any depth and in both forms', async () => {
  const told: string[] = []
  const onIgnored = (names: readonly string[]): void => void told.push(...names)
  const messages = [
    {role: 'user', content: [{type: 'text', text: 'Hi', cache_control: 1}], name: 'Ann'},
    {role: 'assistant', content: 'Hello', refusal: null, name: 'Bob'},
    {role: 'user', content: 'And?'},
  ]
  const format = {
    type: 'json_schema',
    json_schema: {name: 'n', strict: true, schema: {type: 'object', odd: 1}, extra: 1},
  }
  await readOne(
    {
      custom_id: 'a',
      url: '/v1/chat/completions',
      body: {messages, store: true, response_format: format, stream_options: {include_usage: true, odd: 1}},
    },
    {onIgnored},
  )
  assert.equal(told.splice(0), [
    'messages[0].content[0].cache_control',
    'messages[0].name',
    'store',
    'response_format.json_schema.extra',
    'stream_options.odd',
  ])
  await readOne({messages}, {onIgnored})
  assert.equal(told, ['messages[0].content[0].cache_control', 'messages[0].name'])
})

test('in a table options are texts', async () => {
  const cells = {prompt: '12', temp: '0.5', ignore_eos: 'true', stop: 'END', system_prompt: '7', max_tokens: '3'}
  assert.equal(await readOne(cells, {isText: true}), {
    input: '12',
    options: {temp: 0.5, ignore_eos: true, stop: ['END'], system_prompt: '7', max_tokens: 3, deterministic: false},
  })
  const {input, options} = await readOne(
    {messages: '[{"role": "user", "content": "Hi"}]', stop: '["a", "b"]'},
    {isText: true},
  )
  assert.equal([input, options.stop], ['Hi', ['a', 'b']])
})

test('a template is filled from the fields, and what they are called is no option then', async () => {
  const template = new Template('Say {{ what }} {{n}} times to {{first name}}. {{what}}!', 'template.txt')
  const told: string[] = []
  const row = {what: 'hi {{n}}', n: 3, 'first name': 'Ann', population: '67 M', max_tokens: 9}
  assert.equal(await readOne(row, {template, onUnused: (names) => void told.push(...names)}), {
    input: 'Say hi {{n}} 3 times to Ann. hi {{n}}!',
    options: {max_tokens: 9, deterministic: false},
  })
  assert.equal(told, ['population'])
})

test('a template needs all its variables, and makes the prompt alone', async () => {
  const template = new Template('{{country}}', 'template.txt')
  const missing = await rejects(readOne({contry: 'France'}, {template}), 'invalid_argument', /needs "country"/)
  assert.is(missing.hint, 'Did you mean "contry"?')
  await rejects(readOne({country: null}, {template}), 'invalid_argument', /needs "country"/)
  await rejects(readOne({country: 'a', prompt: 'b'}, {template}), 'invalid_argument', /template creates the prompt/)
  const line = {custom_id: 'a', url: '/v1/completions', body: {prompt: 'a'}}
  await rejects(readOne(line, {template}), 'invalid_argument', /short form/)
  assert.is(
    (await readOne({prompt: 'Hi'}, {template: new Template('Translate: {{prompt}}', '')})).input,
    'Translate: Hi',
  )
  assert.throws(() => new Template('{country}', 'template.txt'), /has no \{\{variable\}\}/)
})

test('defaults give way to an item, and the configuration says what is greedy', async () => {
  const {config} = configFromObject({temp: 0})
  const defaults: RuntimeOptions = {timeout_ms: 1000, priority: 'low'}
  assert.equal((await readOne({prompt: 'a', timeout_ms: 50}, {config, defaults})).options, {
    ...{timeout_ms: 50, priority: 'low', deterministic: true},
  })
  assert.is((await readOne({prompt: 'a'}, {config, deterministic: false})).options.deterministic, false)
  assert.is((await readOne({prompt: 'a'}, {deterministic: true})).options.deterministic, true)
})
