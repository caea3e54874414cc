import {readFile} from 'node:fs/promises'
import os from 'node:os'
import * as assert from 'uvu/assert'
import {temporaryFolder, withMetadata} from '../support/crafted-gguf.js'
import {qwen} from '../support/fixtures.js'
import {runCli} from '../support/run-cli.js'
import {suite} from '../support/suite.js'

const test = suite('bad input', {timeoutMs: 20_000})

let files: Awaited<ReturnType<typeof temporaryFolder>>
test.before(async () => {
  files = await temporaryFolder()
})
test.after(() => files.remove())

const zeroAt = (bytes: Buffer, at: number): void => void bytes.writeUInt32LE(0, at)

/** One clear message: no stack, no more than a few lines, nothing on stdout, nothing left behind. */
async function refused(argv: string[], code: number, message: RegExp, input = 'Hello!'): Promise<void> {
  const result = await runCli(argv, {input})
  assert.is(result.code, code, result.stderr)
  assert.match(result.stderr, message)
  assert.not.match(result.stderr, /^\s+at /m)
  assert.is(result.stdout, '')
  assert.equal(result.left, [])
}

const models: [what: string, make: () => Promise<string>, code: number, message: RegExp][] = [
  ['a missing model', () => Promise.resolve('no-such-file.gguf'), 2, /no model file .*no-such-file\.gguf/],
  ['a folder', () => Promise.resolve(os.tmpdir()), 2, /not a regular file/],
  ['an empty file', () => files.file('empty.gguf', ''), 2, /is empty/],
  ['random bytes', () => files.file('random.gguf', Buffer.alloc(5000, 'x7\u0001')), 2, /does not start with GGUF/],
  [
    'a truncated model',
    async () => files.file('cut.gguf', (await readFile(qwen)).subarray(0, 900_000)),
    2,
    /is truncated/,
  ],
  [
    'no layers',
    async () => files.file('layers.gguf', await withMetadata(qwen, 'qwen2.block_count', zeroAt)),
    2,
    /block_count/,
  ],
  [
    'no width',
    async () => files.file('width.gguf', await withMetadata(qwen, 'qwen2.embedding_length', zeroAt)),
    2,
    /embedding_length/,
  ],
]

for (const [what, make, code, message] of models) {
  test(`chat with ${what}`, async () => refused(['chat', await make()], code, message))
}

test('chat with settings for a model of the daemon', async () => {
  for (const flag of [
    ['--set', 'temp=0'],
    ['--threads', '1'],
  ]) {
    await refused(
      ['chat', 'some-name', ...flag],
      2,
      new RegExp(`${flag[0] ?? ''} needs a model that this command loads itself`),
    )
  }
})

test('chat with a broken configuration', async () => {
  const config = await files.file('bad.json', '{"max_sessions": }')
  await refused(['chat', qwen, '--config', config], 2, /bad\.json:1:\d+/)
  const unknown = await files.file('unknown.yaml', 'model:\n  ctx_sise: 512\n')
  await refused(['chat', qwen, '--config', unknown], 2, /unknown\.yaml:2:3[\s\S]*Did you mean "ctx_size"/)
})

test('chat with an unknown flag or a wrong value', async () => {
  await refused(['chat', qwen, '--colour'], 2, /^error: Unknown flag --colour\.\nSee wnn chat --help\.\n$/)
  await refused(
    ['chat', qwen, '--temp', 'hot'],
    2,
    /^error: --temp: expected a number, got hot\.\nSee wnn chat --help\.\n$/,
  )
})

const mistakes: [argv: string[], message: string][] = [
  [['chat', '--mdel', 'x'], 'Unknown flag --mdel.\nDid you mean --model? See wnn chat --help.'],
  [['chat', '-temp', '0'], 'Unknown flag -temp.\nDid you mean --temp? See wnn chat --help.'],
  [
    ['chat', '--tmep=0', '--seeed=1'],
    'Unknown flags --tmep=0, --seeed=1.\nDid you mean --temp and --seed? See wnn chat --help.',
  ],
  [['chat', '--no-stat'], 'Unknown flag --no-stat.\nDid you mean --no-stats? See wnn chat --help.'],
  [['switch', 'x.gguf', '--graph', 'a'], 'Unknown flag --graph.\nDid you mean --model? See wnn switch --help.'],
  [['load', 'x.gguf', '--model-name', 'a'], 'Unknown flag --model-name.\nDid you mean --name? See wnn load --help.'],
  [['bench', 'report', '--outptu', 'a'], 'Unknown flag --outptu.\nDid you mean --output? See wnn bench report --help.'],
  [['batch'], 'INPUT is missing.\nSee wnn batch --help.'],
  [['load'], 'The model is missing.\nExample: wnn load model.gguf'],
  [['unload', 'a', '--model', 'b'], 'The model is given twice: a and --model b.\nRemove one of them.'],
  [['chat', 'a', 'b'], 'Unexpected argument: b\nSee wnn chat --help.'],
  [['chat', '--temp'], 'Flag --temp expects a value.\nSee wnn chat --help.'],
  [
    ['switch', 'x.gguf', '--mode', 'fast'],
    '--mode must be one of overlap, drain, cancel; got fast.\nSee wnn switch --help.',
  ],
  [['batch', 'x', '--retry-errors'], '--retry-errors needs --resume.\nSee wnn batch --help.'],
  [['batch', 'x', '--resume', '--overwrite'], '--overwrite and --resume exclude each other.\nSee wnn batch --help.'],
  [
    ['batch', 'x', '--limit', '0'],
    '--limit: expected an integer greater than or equal to 1 but received: 0.\nSee wnn batch --help.',
  ],
  [['help', 'frob'], 'Command frob not found.'],
  [['--tmep'], 'Unknown flag --tmep.\nwnn --help lists all.'],
]
for (const [argv, message] of mistakes) {
  test(`wnn ${argv.join(' ')} is an error of one form`, async () => {
    const {code, stdout, stderr} = await runCli(argv)
    assert.equal([code, stdout, stderr], [2, '', `error: ${message}\n`])
  })
}

test('chat with a context that does not fit', () => refused(['chat', qwen, '--ctx-size', '99999999'], 2, /ctx.size/))

test('an unknown command', async () => {
  await refused(
    ['chta', qwen],
    127,
    /^error: chta is not a wnn command\.\nDid you mean wnn chat\? wnn --help lists all\.\n$/,
  )
  await refused(['frob', 'x', '--y'], 127, /^error: frob is not a wnn command\.\nwnn --help lists all\.\n$/)
})

test('an argument to a command that takes none', async () => {
  for (const name of ['stop', 'serve'])
    await refused([name, 'extra'], 2, new RegExp(`^error: Unexpected argument: extra\nSee wnn ${name} --help\\.\n$`))
})

test('a chat without a model where no daemon runs', () =>
  refused(
    ['chat'],
    3,
    /^error: Without a model, the command uses the daemon's\. No daemon listens on .*\nName a model .*\n$/,
  ))

test('a suite that is no YAML, or no suite', async () => {
  await refused(['test', await files.file('bad.yaml', 'scenarios: [')], 2, /bad\.yaml:1:/)
  await refused(['test', await files.file('wrong.yaml', 'suite: x\nscenarios: 7\n')], 2, /wrong\.yaml:2:/)
  await refused(['test', 'no-such-suite.yaml'], 2, /no-such-suite/)
})

test('a selection of nothing', async () =>
  refused(['test', 'suites/conformance', '--filter', 'no such name'], 6, /No scenario matches/))

test('a time that no timer can wait is rejected, not taken as none', async () => {
  for (const argv of [
    ['status', '--interval', '3000000000'],
    ['serve', '--drain-timeout', '3000000000'],
    ['test', 'suites/examples', '--timeout', '3000000000'],
    ['run', 'x.wasm', '--timeout', '3000000000'],
  ]) {
    await refused(argv, 2, /2147483647/)
  }
  const scenario = {id: 1, name: 'n', steps: [{init_backend: null, timeout_ms: 3e9, expect: {error: 'timeout'}}]}
  const file = await files.file('long.json', JSON.stringify({suite: 's', scenarios: [scenario]}))
  await refused(['test', file], 2, /timeout_ms: must be an integer .*2147483647/)
})
