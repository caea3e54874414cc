import {readFileSync, symlinkSync, writeFileSync} from 'node:fs'
import {createHash} from 'node:crypto'
import path from 'node:path'
import * as assert from 'uvu/assert'
import {Job} from '../batch/support/job.js'
import type {BenchResult} from '../../src/bench/result.js'
import {DaemonHome} from '../daemon/support/daemon-home.js'
import {qwen} from '../support/fixtures.js'
import {runCli} from '../support/run-cli.js'
import {splitModel} from '../support/split-gguf.js'
import {suite} from '../support/suite.js'
import {temporaryFolder} from '../support/temporary-folder.js'

const test = suite('models of several files', {timeoutMs: 60_000})

/** Changes the last weight of a file; its header and its size stay. */
function damage(file: string): void {
  const bytes = readFileSync(file)
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 0xff
  writeFileSync(file, bytes)
}

test('a batch is not resumed when another than the first file has changed', async (t) => {
  const job = new Job(t)
  const [first = '', second = ''] = splitModel(qwen, path.join(job.folder, 'm'))
  const input = job.file('in.jsonl', [
    {id: 'a', prompt: 'What is the capital of France?'},
    {id: 'b', prompt: 'What is the capital of Japan?'},
  ])
  const run = (model: string, ...flags: string[]) =>
    runCli(['batch', input, '--model', model, '--output', job.output, '--set', 'temp=0', ...flags])
  const begun = await run(first, '--limit', '1')
  assert.is(begun.code, 0, begun.stderr)
  const kept = readFileSync(second)
  damage(second)
  const changed = await run(first, '--resume')
  assert.is(changed.code, 2)
  assert.match(changed.stderr, /cannot be resumed: model was "\w+… and is "\w+…\./)
  assert.is(job.rows.length, 1)
  // The same model, by any of its files.
  writeFileSync(second, kept)
  const resumed = await run(second, '--resume')
  assert.is(resumed.code, 0, resumed.stderr)
  assert.equal(
    job.rows.map(({text}) => text),
    ['The capital of France is Paris.', 'The capital of Japan is Tokyo.'],
  )
})

test('a chat loads it by a later part, and the daemon has it by every part and link', async (t) => {
  const home = new DaemonHome(t)
  const [first = '', second = ''] = splitModel(qwen, path.join(home.folder, 'split'))
  const ask = ['--temp', '0', '--prompt', 'What is the capital of France?']
  const alone = await home.run('chat', second, '--local', ...ask)
  assert.equal([alone.code, alone.stdout], [0, 'The capital of France is Paris.\n'], alone.stderr)
  assert.is((await home.run('load', second)).code, 0)
  assert.equal(
    (await home.status()).model.graphs.map((graph) => [graph.name, graph.path]),
    [['split', first]],
  )
  for (const [index, part] of [first, second].entries()) {
    const link = path.join(home.folder, `link-0000${index + 1}-of-00002.gguf`)
    symlinkSync(part, link)
    for (const named of [part, link]) assert.is((await home.run('chat', named, ...ask)).code, 0)
  }
  assert.is((await home.status()).performance.tasks, 4)
  await home.run('stop')
})

test('a result of wnn bench has the checksum and the size of all files', async (t) => {
  const folder = temporaryFolder(t)
  const parts = splitModel(qwen, path.join(folder, 'm'))
  const output = path.join(folder, 'result.json')
  const sizes = ['-p', '8', '-n', '0', '-r', '1', '--warmup', '0', '--output', output]
  const {code, stderr} = await runCli(['bench', parts[0] ?? '', ...sizes])
  assert.is(code, 0, stderr)
  const [subject] = (JSON.parse(readFileSync(output, 'utf8')) as BenchResult).subjects
  const all = Buffer.concat(parts.map((part) => readFileSync(part)))
  assert.equal(
    [subject?.name, subject?.model?.sha256, subject?.model?.size_bytes],
    ['m', createHash('sha256').update(all).digest('hex'), all.length],
  )
})

test('wnn load does nothing for a model that is loaded, and loads a file that has changed', async (t) => {
  const home = new DaemonHome(t)
  const [first = '', second = ''] = splitModel(qwen, path.join(home.folder, 'm'))
  assert.is((await home.run('load', first, '--set', 'ctx_size=512')).code, 0)
  const again = await home.run('load', second, '--set', 'ctx_size=512')
  assert.equal([again.code, again.stdout], [0, '0\n'], again.stderr)
  assert.match(again.stderr, /^m was already loaded with these settings\.$/m)
  const other = await home.run('load', first)
  assert.equal([other.code, other.stdout], [2, ''])
  assert.match(other.stderr, /m is already loaded with other settings: model\.ctx_size is 512, not \d+\./)
  damage(second)
  const replaced = await home.run('load', first, '--set', 'ctx_size=512', '--json')
  assert.is(replaced.code, 0, replaced.stderr)
  const result = JSON.parse(replaced.stdout) as {already_loaded: boolean; switched?: object}
  assert.equal([result.already_loaded, typeof result.switched], [false, 'object'])
  await home.run('stop')
})
