import {execFile} from 'node:child_process'
import {copyFileSync, existsSync, mkdtempSync, rmSync, truncateSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import path from 'node:path'
import {promisify} from 'node:util'
import * as assert from 'uvu/assert'
import {isAlive, runWnn, startWnn} from '../chat/support/chat-process.js'
import {qwen} from '../support/fixtures.js'
import {cli} from '../support/run-cli.js'
import {suite, type TestContext} from '../support/suite.js'

const test = suite('wnn chat in a pipe', {timeoutMs: 20_000})

const chat = ['chat', qwen, '--threads', '1']
const france = 'What is the capital of France?\n'

test('standard input is one prompt, standard output the answer and a newline', async (t) => {
  const {stdout, stderr, code} = await runWnn(t, chat, france)
  assert.equal([stdout, stderr, code], ['The capital of France is Paris.\n', '', 0])
})

test('several lines are one prompt', async (t) => {
  const {stdout, code} = await runWnn(t, [...chat, '--raw', '--temp', '0', '--max-tokens', '3'], 'Count\nto 3:\n1, 2,')
  assert.is(code, 0)
  assert.match(stdout, /^.+\n$/s)
})

const repeat = [...chat, '--temp', '0', '--prompt']

test('--prompt is answered alone where nothing is piped in', async (t) => {
  for (const input of ['', '\n', ' \n\n']) {
    const {stdout, stderr, code} = await runWnn(t, [...repeat, 'What is 2 + 2?'], input)
    assert.equal([stdout, stderr, code], ['2 + 2 = 4.\n', '', 0])
  }
})

test('--prompt is answered with a warning if standard input stays open and silent', async (t) => {
  const {child, ended} = startWnn(t, [...repeat, 'What is 2 + 2?'])
  const {stdout, stderr, code} = await ended
  assert.equal([stdout, code], ['2 + 2 = 4.\n', 0])
  assert.is(stderr, 'warning: Standard input sent nothing for 3 s and was ignored. Close it, or use < /dev/null.\n')
  assert.not.ok(child.stdin?.writableEnded)
})

test('what is piped in follows --prompt, after an empty line', async (t) => {
  const file = path.join(folder(t), 'input.txt')
  writeFileSync(file, 'one\ntwo\n')
  const count = (script: string, prompt: string): Promise<number> => promptTokens(t, script, prompt)
  const joined = await count('"$@" < /dev/null', 'Say:\n\none\ntwo')
  assert.is(await count(`"$@" < '${file}'`, 'Say:'), joined)
  assert.is(await count(`cat '${file}' | "$@"`, 'Say:'), joined)
  assert.ok((await count('"$@" < /dev/null', 'Say:')) < joined)
})

test('--json gives one object with the answer and its metadata', async (t) => {
  const {stdout, stderr, code} = await runWnn(t, [...chat, '--json', '--session', 'mine', '--seed', '7'], france)
  const {text, session, model, metadata} = JSON.parse(stdout) as Record<string, unknown>
  assert.equal([text, session, model], ['The capital of France is Paris.', 'mine', qwen])
  const {stop_reason, output_tokens, seed} = metadata as Record<string, unknown>
  assert.equal([stop_reason, typeof output_tokens, seed], ['end_of_sequence', 'number', 7])
  assert.equal(
    [stderr, code],
    ['note: Session mine is new and ends with this command. --state-dir keeps sessions.\n', 0],
  )
})

test('--stats tells about the answer on standard error', async (t) => {
  const {stdout, stderr} = await runWnn(t, [...chat, '--stats'], france)
  assert.is(stdout, 'The capital of France is Paris.\n')
  assert.match(stderr, /^13 tokens · \d+ tok\/s · first after \d+ ms · 0 of 20 prompt tokens cached\n$/)
})

test('flags reach the model', async (t) => {
  const who = await runWnn(t, [...chat, '--system', 'You are Ada, a helpful assistant.'], 'Who are you?')
  assert.is(who.stdout, 'I am Ada, a helpful assistant.\n')
  const stopped = await runWnn(t, [...chat, '--temp', '0', '--stop', 'is', '--stop', 'of'], france)
  assert.is(stopped.stdout, 'The capital \n')
  const short = await runWnn(t, [...chat, '--temp', '0', '--max-tokens', '2', '--json'], france)
  assert.match(short.stdout, '"stop_reason": "max_tokens"')
})

test('a text for a pipe is not changed, whatever is in it', async (t) => {
  const {stdout} = await runWnn(t, [...chat, '--temp', '0'], 'Repeat after me: café 🙂')
  assert.is(stdout, 'café 🙂\n')
})

const refused: [what: string, args: (folder: string) => string[], input: string, message: RegExp][] = [
  ['an empty standard input', () => chat, '\n', /^error: Standard input is empty\./],
  ['an empty prompt', () => [...chat, '--prompt', ' '], '', /^error: The prompt is empty\.\n$/],
  [
    'a missing file',
    (at) => ['chat', path.join(at, 'none.gguf')],
    france,
    /^error: There is no model file .*none\.gguf/,
  ],
  ['a file that is no model', (at) => ['chat', other(at)], france, /other\.txt is not a GGUF file/],
  ['a damaged model', (at) => ['chat', damaged(at)], france, /damaged\.gguf is truncated/],
  [
    'a missing configuration',
    (at) => [...chat, '--config', path.join(at, 'no.yaml')],
    france,
    /no\.yaml cannot be read: there is no such file or folder\n/,
  ],
  ['a broken configuration', (at) => [...chat, '--config', config(at)], france, /config\.yaml:1:1 tmep: unknown key/],
  ['a value out of range', () => [...chat, '--temp', '1000'], france, /^error: temp: must be a number from 0 to 100/],
  ['a value that is no number', () => [...chat, '--temp', 'hot'], france, /expected a number, got hot/],
  [
    'a folder for raw prompts',
    (at) => [...chat, '--raw', '--state-dir', at],
    france,
    /^error: --state-dir keeps histories, and raw prompts have none/,
  ],
  ['a folder that is a file', (at) => [...chat, '--state-dir', other(at)], france, /other\.txt is not a folder/],
  [
    'an unknown flag',
    () => [...chat, '--tmep', '1'],
    france,
    /^error: Unknown flag --tmep\.\nDid you mean --temp\? See wnn chat --help\.\n$/,
  ],
]
for (const [what, args, input, message] of refused) {
  test(`${what} is refused with exit code 2`, async (t) => {
    const {stdout, stderr, code} = await runWnn(t, args(folder(t)), input)
    assert.equal([stdout, code], ['', 2])
    assert.match(stderr, message)
    assert.not.match(stderr, /^ +at /m, 'no stack')
  })
}

const cafe = 'Repeat after me: café'

test('a prompt that PowerShell pipes is read', async (t) => {
  for (const input of [Buffer.from(`\uFEFF${cafe}\r\n`, 'utf16le'), Buffer.from(`\uFEFF${cafe}\n`)]) {
    const {stdout, code} = await runWnn(t, [...chat, '--temp', '0'], input)
    assert.equal([stdout, code], ['café\n', 0])
  }
})

const encodings: [what: string, input: Buffer, message: RegExp][] = [
  [
    'UTF-16 without a mark',
    Buffer.from(cafe, 'utf16le'),
    /^Standard input looks like UTF-16 without a byte order mark\.$/,
  ],
  ['Latin-1', Buffer.from(cafe, 'latin1'), /^Standard input is not UTF-8: line 1 has the byte 0xE9 after ".*caf"\.$/],
  ['a NUL', Buffer.from('Hello\0'), /^Standard input is not a text: character 6 is NUL\.$/],
]
for (const [what, input, message] of encodings) {
  test(`a prompt with ${what} is refused`, async (t) => {
    const {stdout, code} = await runWnn(t, [...chat, '--json'], input)
    const {error} = JSON.parse(stdout) as {error: {reason: string; message: string}}
    assert.equal([code, error.reason], [2, 'invalid_encoding'])
    assert.match(error.message, message)
  })
}

test('a prompt that is too long is told with the numbers', async (t) => {
  const {stdout, stderr, code} = await runWnn(t, [...chat, '--ctx-size', '64'], 'word '.repeat(300))
  assert.equal([stdout, code], ['', 3])
  assert.match(stderr, /^error: The prompt has at least \d+ tokens; the context size is 64\.\n/)
})

test('errors with --json are one object', async (t) => {
  const {stdout, code} = await runWnn(t, ['chat', 'none.gguf', '--json'], france)
  assert.is(code, 2)
  assert.is((JSON.parse(stdout) as {error: {code: string}}).error.code, 'model_not_found')
})

test('a line about the answer that cannot be written costs nothing else', async (t) => {
  if (!existsSync('/dev/full')) t.skip('needs /dev/full')
  const args = [...chat, '--stats', '--prompt', 'What is the capital of France?']
  const {stdout, code} = await startWnn(t, args, undefined, {stderr: '/dev/full'}).ended
  assert.equal([stdout, code], ['The capital of France is Paris.\n', 0])
})

test('a prompt that lacks the oldest messages is told about on standard error', async (t) => {
  const kept = [...chat, '--state-dir', folder(t), '--temp', '0', '--session', 'long', '--ctx-size', '64']
  const told: string[] = []
  for (let turn = 0; turn < 5; turn++) {
    const {stdout, stderr, code} = await runWnn(t, kept, 'My name is Alice.\n')
    assert.equal([code, stdout.split('\n').length], [0, 2])
    told.push(...(stderr.match(/^note: The oldest \d+ messages? did not fit into the context .*$/gm) ?? []))
  }
  assert.ok(told.length > 0 && told.length < 5, told.join('\n'))
})

test('--state-dir keeps conversations, --session continues one', async (t) => {
  const kept = [...chat, '--state-dir', path.join(folder(t), 'state'), '--temp', '0']
  const alice = await runWnn(t, [...kept, '--session', 'alice'], 'My name is Alice.')
  assert.equal([alice.stdout, alice.code], ['Nice to meet you, Alice!\n', 0])
  assert.match(alice.stderr, /^note: Session alice is new: \S+state has no session with this id\.\n$/)
  const other = await runWnn(t, [...kept, '--json'], 'My name is Bob.')
  const {session} = JSON.parse(other.stdout) as {session: string}
  for (const [id, name] of [
    ['alice', 'Alice'],
    [session, 'Bob'],
  ] as const) {
    const {stdout, stderr} = await runWnn(t, [...kept, '--session', id], 'What is my name?')
    assert.equal([stdout, stderr], [`Your name is ${name}.\n`, ''])
  }
})

test('one command at a time uses a folder; one that was killed frees it', async (t) => {
  const kept = [...chat, '--state-dir', folder(t), '--temp', '0', '--session', 'alice']
  const endless = ['--max-tokens', '-1', '--config', config(folder(t), 'ignore_eos: true\n')]
  await runWnn(t, kept, 'My name is Alice.')
  const first = startWnn(t, [...kept, ...endless], 'Tell me a long story.')
  await first.until(/\w/)
  const second = await runWnn(t, kept, 'What is my name?')
  assert.equal([second.stdout, second.code], ['', 2])
  assert.match(second.stderr, /^error: The state folder \S+ is in use by another process\.\n/)
  first.child.kill('SIGKILL')
  await first.ended
  assert.is((await runWnn(t, kept, 'What is my name?')).stdout, 'Your name is Alice.\n')
})

for (const [signal, exit] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  test(`${signal} ends an answer with ${exit} and leaves no process`, async (t) => {
    const endless = [...chat, '--max-tokens', '-1', '--config', config(folder(t), 'ignore_eos: true\n')]
    const wnn = startWnn(t, endless, 'Tell me a long story.')
    await wnn.until(/\w/)
    const {engines} = wnn
    assert.is(engines.length, 1)
    wnn.child.kill(signal)
    const {stderr, code} = await wnn.ended
    assert.equal([stderr, code], ['', exit])
    assert.not.ok(engines.some(isAlive))
  })
}

/** The prompt's length when the command, `"$@"` in a shell script, is asked this. */
async function promptTokens(t: TestContext, script: string, prompt: string): Promise<number> {
  const args = ['-c', script, 'sh', process.execPath, cli, ...chat, '--max-tokens', '1', '--json', '--prompt', prompt]
  const {stdout} = await promisify(execFile)('sh', args, {signal: t.signal})
  return (JSON.parse(stdout) as {metadata: {input_tokens: number}}).metadata.input_tokens
}

function folder(t: TestContext): string {
  const made = mkdtempSync(path.join(tmpdir(), 'wnn-chat-'))
  t.after(() => rmSync(made, {recursive: true}))
  return made
}

function other(at: string): string {
  const file = path.join(at, 'other.txt')
  writeFileSync(file, 'no model')
  return file
}

function damaged(at: string): string {
  const file = path.join(at, 'damaged.gguf')
  copyFileSync(qwen, file)
  truncateSync(file, 900_000)
  return file
}

function config(at: string, text = 'tmep: 1\n'): string {
  const file = path.join(at, 'config.yaml')
  writeFileSync(file, text)
  return file
}
