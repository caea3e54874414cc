import {existsSync, readFileSync} from 'node:fs'
import * as assert from 'uvu/assert'
import type {BatchSummary, InputCheck} from '../../src/batch/summary.js'
import {isWhole, Job, slow, type Row} from '../batch/support/job.js'
import {ended} from '../daemon/support/daemon-home.js'
import {runCli} from '../support/run-cli.js'
import {suite} from '../support/suite.js'

const test = suite('how wnn batch ends', {timeoutMs: 30_000})

test('stops once there are too many errors', async (t) => {
  const job = new Job(t)
  const input = job.file('in.jsonl', 'no JSON\n'.repeat(200))
  const {code, stdout} = await job.run(input, '--max-errors', '2', '--json')
  const {outcome, failed, remaining} = JSON.parse(stdout) as BatchSummary
  assert.equal([code, outcome, failed === job.rows.length, job.isComplete], [4, 'enough', true, false])
  assert.equal(remaining, 200 - failed)
  assert.ok(failed > 2 && failed < 30, String(failed))
})

test('Ctrl-C once lets what runs come to its end, and keeps it', async (t) => {
  const job = new Job(t)
  const input = job.file('in.jsonl', slow(12))
  const child = job.start(input, '--concurrency', '2')
  const end = ended(child)
  await job.until(3)
  child.kill('SIGINT')
  const {code, stderr} = await end
  assert.is(code, 130)
  assert.match(stderr, /Stopping after (1 running item|2 running items)\. A second signal aborts (it|them)\./)
  const before = job.rows.length
  assert.ok(before >= 4 && before < 12 && job.rows.every(isWhole), String(before))
  assert.match(stderr, new RegExp(`^ended early +by a signal; ${12 - before} items? (has|have) no row yet$`, 'm'))
  assert.is((await job.run(input, '--resume')).code, 0)
  assert.equal(
    job.rows.map(({id}) => id),
    slow(12).map((item) => (item as Row).id),
  )
})

test('an input that was changed meanwhile leaves rows in doubt, also when it is put back', async (t) => {
  const job = new Job(t)
  // Longer than what is read ahead.
  const items = (count: number): object[] => slow(count).map((item, n) => ({...item, id: String(n).padStart(30_000)}))
  const input = job.file('in.jsonl', items(12))
  const child = job.start(input, '--concurrency', '1')
  const end = ended(child)
  await job.until(1)
  job.file('in.jsonl', items(13))
  const {code, stderr} = await end
  assert.is(code, 3)
  assert.match(stderr, /^error: The input changed during the run/m)
  job.file('in.jsonl', items(12))
  const resumed = await job.run(input, '--resume')
  assert.is(resumed.code, 2)
  assert.match(resumed.stderr, /rows\.jsonl\.meta\.json.* says that rows may be wrong: "The input changed/)
  assert.not.ok(job.isComplete)
})

test('Ctrl-C twice does not wait, and leaves nothing but whole rows', async (t) => {
  const job = new Job(t)
  const endless = {prompt: 'Tell me a story.', temp: 0, ignore_eos: true, max_tokens: -1}
  const input = job.file('in.jsonl', [...slow(2), endless])
  const child = job.start(input, '--concurrency', '1')
  const end = ended(child)
  child.stderr?.on('data', (data: Buffer) => {
    if (data.includes('Stopping')) child.kill('SIGINT')
  })
  await job.until(2)
  child.kill('SIGINT')
  const {code, stderr} = await end
  assert.is(code, 130)
  assert.match(stderr, /^ended early +by a signal; 1 item has no row yet\nanswered +2$/m)
  assert.equal([job.rows.length, job.rows.every(isWhole), existsSync(`${job.output}.lock`)], [2, true, false])
})

for (const name of ['in.jsonl', 'in.csv', 'in.txt', 'in.yaml', '-']) {
  test(`an input without items (${name}) exits with code 6 and touches nothing`, async (t) => {
    const job = new Job(t)
    const input = name === '-' ? name : job.file(name, ' \n\n')
    job.file('rows.jsonl', 'kept')
    const {code, stderr, left} = await runCli(job.argv(input, '--overwrite'), {input: '\n'})
    assert.equal([code, left, readFileSync(job.output, 'utf8')], [6, [], 'kept'], stderr)
    assert.match(stderr, /The input has no items/)
    assert.not.ok(existsSync(`${job.output}.meta.json`))
    assert.is((await runCli(job.argv(input, '--dry-run'), {input: '\n'})).code, 6)
  })
}

test('--resume --dry-run tells what is done already, and whether it could go on', async (t) => {
  const job = new Job(t)
  const items = [...slow(4), {prompt: 'a', tmep: 1}]
  const input = job.file('in.jsonl', [{prompt: 'b', tmep: 1}, ...items])
  const resume = async (...flags: string[]): Promise<InputCheck['resume']> => {
    const {stdout} = await job.run(input, '--resume', '--dry-run', '--json', ...flags)
    return (JSON.parse(stdout) as InputCheck).resume
  }
  assert.equal(await resume(), {done: 0, failed: 0, remaining: 6})
  await job.run(input, '--limit', '3')
  const before = readFileSync(job.output, 'utf8')
  assert.equal(await resume(), {done: 3, failed: 1, remaining: 3})
  assert.equal(await resume('--limit', '1', '--retry-errors'), {done: 1, failed: 1, remaining: 1})
  const {stdout} = await job.run(input, '--resume', '--dry-run')
  assert.match(stdout, /^Input and settings are unchanged: 3 items have a row \(1 failed\), 3 remain\.$/m)
  const other = await job.run(input, '--resume', '--dry-run', '--set', 'top_k=3')
  assert.is(other.code, 2)
  assert.match(other.stderr, /cannot be resumed: sampling\.top_k was 40 and is 3\./)
  assert.is(readFileSync(job.output, 'utf8'), before)
})
