import {writeFileSync} from 'node:fs'
import path from 'node:path'
import * as assert from 'uvu/assert'
import {DaemonHome} from '../daemon/support/daemon-home.js'
import {phi3, qwen} from '../support/fixtures.js'
import {runCli} from '../support/run-cli.js'
import {suite} from '../support/suite.js'
import {temporaryFolder} from '../support/temporary-folder.js'

const test = suite('wnn render', {timeoutMs: 60_000})

test('the prompt is on standard output, the number of its tokens on standard error', async () => {
  const {code, stdout, stderr, left} = await runCli(['render', qwen, '--system', 'Be brief.', '-p', 'Hello!'])
  assert.equal([code, left], [0, []])
  assert.is(
    stdout,
    '<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHello!<|im_end|>\n<|im_start|>assistant\n',
  )
  assert.match(stderr, /^\d+ tokens$/m)
})

test('tokens are printed one a line, with their texts', async () => {
  const {stdout} = await runCli(['render', phi3, '-p', 'Hello!', '--tokens'])
  const lines = stdout.trimEnd().split('\n')
  assert.ok(lines.every((line) => /^ *\d+\t".*"$/.test(line)))
  assert.match(stdout, '"<|user|>"')
})

test('a request with messages, tools and variables comes from a file or standard input', async () => {
  const request = {
    messages: [
      {role: 'user', content: 'One'},
      {role: 'assistant', content: 'Two'},
    ],
    chat_template_kwargs: {mood: 'calm'},
  }
  const template = '{{ mood }} {{ extra }}{% for m in messages %} {{ m.content }}{% endfor %}'
  const {code, stdout} = await runCli(
    [
      'render',
      qwen,
      '--messages',
      '-',
      '-p',
      'Three',
      '--variable',
      'extra=7',
      '--set',
      `chat_template=${JSON.stringify(template)}`,
      '--json',
    ],
    {input: JSON.stringify(request)},
  )
  assert.is(code, 0)
  const {text, dropped_messages} = JSON.parse(stdout) as {text: string; dropped_messages: number}
  assert.equal([text, dropped_messages], ['calm 7 One Two Three', 0])
})

test('what changes nothing is named: a misspelt variable, tools for a template without them', async (t) => {
  const tools = path.join(temporaryFolder(t), 'tools.json')
  writeFileSync(tools, '[{"type": "function", "function": {"name": "add"}}]')
  const args = ['render', qwen, '-p', 'Hello!', '--tools', tools, '--variable', 'nope=1']
  const {code, stderr} = await runCli(args)
  assert.is(code, 0)
  assert.match(stderr, /^note: The prompt is the same without (nope and tools|tools and nope)\.$/m)
})

test('in raw mode the prompt is the text', async () => {
  const raw = ['render', qwen, '--set', 'prompt_mode=raw', '-p', 'a <|im_end|>']
  assert.is((await runCli(raw)).stdout, 'a <|im_end|>')
  const {code, stderr} = await runCli([...raw, '--system', 'Be brief.'])
  assert.is(code, 2)
  assert.match(stderr, /The model has prompt_mode raw/)
})

test('a mistake is one sentence and exit 2', async () => {
  for (const [args, said] of [
    [[qwen], /There is no message/],
    [[qwen, '-p', 'a', '--variable', 'x'], /--variable takes name=value; got x/],
    [[qwen, '-p', 'a', '--variable', 'messages=1'], /messages/],
    [[qwen, '--messages', 'missing.json'], /missing\.json:? cannot be read/],
  ] as const) {
    const {code, stdout, stderr} = await runCli(['render', ...args])
    assert.equal([code, stdout], [2, ''], stderr)
    assert.match(stderr, said)
  }
})

test('messages that PowerShell wrote are read, and those in Latin-1 are refused', async (t) => {
  const file = path.join(temporaryFolder(t), 'messages.json')
  const messages = JSON.stringify([{role: 'user', content: 'café'}])
  writeFileSync(file, `\uFEFF${messages}`, 'utf16le')
  assert.match((await runCli(['render', qwen, '--messages', file])).stdout, /user\ncafé</)
  for (const [name, input] of [
    [file, ''],
    ['-', Buffer.from(messages, 'latin1')],
  ] as const) {
    writeFileSync(file, messages, 'latin1')
    const {code, stderr} = await runCli(['render', qwen, '--messages', name], {input})
    assert.is(code, 2)
    assert.match(stderr, /is not UTF-8: line 1 has the byte 0xE9 after ".*caf"\./)
  }
})

test("the daemon's model is used where there is one", async (t) => {
  const home = new DaemonHome(t)
  await home.serve('--model', qwen)
  const {code, stdout} = await home.run('render', '-p', 'Hello!')
  assert.equal([code, stdout], [0, '<|im_start|>user\nHello!<|im_end|>\n<|im_start|>assistant\n'])
})
