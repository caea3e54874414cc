import {readdirSync, readFileSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import * as assert from 'uvu/assert'
import {entry, header, withChatTemplate} from '../support/crafted-gguf.js'
import {qwen} from '../support/fixtures.js'
import {runCli} from '../support/run-cli.js'
import {suite} from '../support/suite.js'
import {temporaryFolder} from '../support/temporary-folder.js'

const test = suite('text of files on a terminal', {timeoutMs: 30_000})

/** Clears the screen, renames the window, deletes, and the same with a C1 control. */
const hostile = '\u001b[2J\u001b]0;x\u0007\u007f\u009b31m'
const controls = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/

/** Neither stream has a control character, and what was meant can be read. */
async function isHarmless(argv: readonly string[], shown: RegExp, input = ''): Promise<void> {
  const {stdout, stderr} = await runCli(argv, {input})
  assert.not.match(stdout, controls)
  assert.not.match(stderr, controls)
  assert.match(stdout + stderr, shown)
}

const text = (value: string): Buffer => {
  const bytes = Buffer.from(value)
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(bytes.length))
  return Buffer.concat([length, bytes])
}

test('a file name, a flag, an argument and a command', async () => {
  await isHarmless(['chat', `no${hostile}.gguf`, '-p', 'x'], /no␛\[2J/)
  await isHarmless(['chat', `no${hostile}.gguf`, '-p', 'x', '--json'], /no\\u001b\[2J.*\\u009b31m/)
  await isHarmless(['status', `--${hostile}`], /␛\[2J/)
  await isHarmless(['status', hostile], /must be one of/)
  await isHarmless([hostile], /␛\[2J/)
  await isHarmless([hostile, '--json'], /\\u001b\[2J/)
})

test('metadata of a model', async (t) => {
  const file = path.join(temporaryFolder(t), 'model.gguf')
  const string = 8
  writeFileSync(file, header([entry('general.architecture', string, text(`arch${hostile}`))]))
  await isHarmless(['chat', file, '-p', 'x'], /arch␛|arch\\u001b/)
  await isHarmless(['load', file, '--estimate'], /arch␛|arch\\u001b/)
})

test('a chat template that raises an exception', async (t) => {
  const file = path.join(temporaryFolder(t), 'model.gguf')
  writeFileSync(file, await withChatTemplate(qwen, `{{ raise_exception('no ${hostile} thanks') }}`))
  await isHarmless(['chat', file, '-p', 'x'], /no ␛\[2J/)
})

test('a configuration, a suite and a batch', async (t) => {
  const folder = temporaryFolder(t)
  const file = (name: string, content: string): string => {
    writeFileSync(path.join(folder, name), content)
    return path.join(folder, name)
  }
  const config = file('c.json', JSON.stringify({model: {[hostile]: 1}}))
  await isHarmless(['chat', qwen, '--config', config, '-p', 'x'], /␛\[2J/)
  const suiteFile = file(
    's.yaml',
    JSON.stringify({
      suite: `s${hostile}`,
      models: {m: qwen},
      scenarios: [{id: 'h-1', name: `n${hostile}`, steps: [{load_by_name: 'm', expect: {error: 'timeout'}}]}],
    }),
  )
  await isHarmless(['test', suiteFile], /␛\[2J/)
  const items = file('i.jsonl', JSON.stringify({prompt: 'x', [hostile]: 1}))
  await isHarmless(['batch', items, '--dry-run', '--model', qwen], /␛\[2J/)
})

test('what a command prints goes through one function', () => {
  const sources = readdirSync('src', {recursive: true, encoding: 'utf8'}).filter((name) => name.endsWith('.ts'))
  const writers = sources.filter((name) =>
    /process\.std(?:out|err)\.write\((?!sanitize\(|`\$\{printableJson\()/.test(
      readFileSync(path.join('src', name), 'utf8'),
    ),
  )
  // Each of these has texts of its own, or sanitizes what it writes to a terminal before.
  assert.equal(writers.sort(), [
    'backend/host/contexts/output.ts',
    'cli/base-command.ts',
    'commands/render.ts',
    'suites/progress.ts',
  ])
})
