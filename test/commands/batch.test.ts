import {spawnSync} from 'node:child_process'
import {existsSync, readFileSync} from 'node:fs'
import * as assert from 'uvu/assert'
import {questions} from '../../perf/batch/questions.js'
import {killAndResume} from '../../perf/batch/kill-and-resume.js'
import {seededRandom} from '../../src/system/random.js'
import type {BatchSummary} from '../../src/batch/summary.js'
import {isWhole, Job, slow} from '../batch/support/job.js'
import {ended} from '../daemon/support/daemon-home.js'
import {qwen} from '../support/fixtures.js'
import {enginesOf} from '../support/processes.js'
import {cli, runCli} from '../support/run-cli.js'
import {suite} from '../support/suite.js'
import {temporaryFolder} from '../support/temporary-folder.js'

const test = suite('wnn batch', {timeoutMs: 30_000})

test('answers items of both forms, and gives those that are not usable a row that says why', async (t) => {
  const job = new Job(t)
  const input = job.file(
    'in.jsonl',
    [
      '\uFEFF{"prompt": "What is the capital of France?", "temp": 0}\r',
      '{"custom_id": "sum", "method": "POST", "url": "/v1/chat/completions", "body": {"model": "gpt-4o", "messages": [{"role": "user", "content": "What is 2 + 2?"}], "temperature": 0}}',
      '',
      '{"prompt": "Hi", "tmep": 0}',
      '{"id": "echo", "prompt": "Repeat after me: café 🙂", "temp": 0}',
      '{"custom_id": "long", "url": "/v1/completions", "body": {"prompt": "' + 'word '.repeat(3000) + '"}}',
      'no JSON',
    ].join('\n'),
  )
  const {code, stdout, stderr, left} = await job.run(input)
  assert.equal([code, stdout, left], [4, '', []])
  assert.match(stderr, /answered +3\nfailed +3 \(2 invalid_argument, 1 prompt_too_long\)/)
  assert.match(stderr, /^All items are answered by tiny-qwen2-chat, also those for gpt-4o$/m)
  const [france, sum, typo, echo, long, noJson, ...none] = job.rows
  assert.equal([france?.id, france?.line, france?.text], ['1', 1, 'The capital of France is Paris.'])
  const {response} = sum ?? {}
  assert.equal(
    [sum?.id, response?.status_code, response?.body.model, response?.body.choices?.[0]?.message.content, sum?.error],
    ['batch_req_2', 200, 'tiny-qwen2-chat', '2 + 2 = 4.', null],
  )
  assert.equal([typo?.id, typo?.line, typo?.error?.code, typo?.attempts], ['4', 4, 'invalid_argument', 0])
  assert.is(echo?.text, 'café 🙂')
  assert.equal([long?.response?.status_code, long?.response?.body.error?.code], [400, 'context_length_exceeded'])
  assert.match(noJson?.error?.message ?? '', /^The line is not JSON/)
  assert.equal([none, job.isComplete], [[], true])
})

test('rows and the summary say which prompts lack their oldest messages', async (t) => {
  const job = new Job(t)
  const messages = Array.from({length: 13}, (_, index) => ({
    ...{role: index % 2 === 0 ? 'user' : 'assistant', content: `This is message number ${index}.`},
  }))
  const input = job.file('in.jsonl', [
    {id: 'long', messages, max_tokens: 8},
    {custom_id: 'form', method: 'POST', url: '/v1/chat/completions', body: {messages, max_tokens: 8}},
    {id: 'short', prompt: 'Hello!', max_tokens: 8},
  ])
  const {code, stdout} = await job.run(input, '--set', 'ctx_size=96', '--json')
  assert.equal([code, (JSON.parse(stdout) as BatchSummary).shortened], [0, 2])
  const [long, form, short] = readFileSync(job.output, 'utf8').split('\n')
  assert.match(long ?? '', /"usage":\{.*"dropped_messages":[1-9]/)
  assert.match(form ?? '', /"prompt_tokens_details":\{.*"dropped_messages":[1-9]/)
  assert.not.match(short ?? '', /dropped_messages/)
})

test('embeddings are computed too, and one that cannot be is a failed item', async (t) => {
  const job = new Job(t)
  const item = (id: string, body: object): object => ({custom_id: id, method: 'POST', url: '/v1/embeddings', body})
  const input = job.file('in.jsonl', [
    item('floats', {input: ['France', 'Paris']}),
    item('bytes', {input: 'France', encoding_format: 'base64'}),
    item('short', {input: 'France', dimensions: 3}),
    item('none', {input: []}),
    {id: 'text', prompt: 'What is 2 + 2?', temp: 0},
  ])
  const {code, stderr} = await job.run(input)
  assert.is(code, 4, stderr)
  const [floats, bytes, short, none, text] = job.rows
  const [france, paris] = floats?.response?.body.data?.map(({embedding}) => embedding as number[]) ?? []
  assert.ok(france !== undefined && paris !== undefined)
  for (const vector of [france, paris]) assert.ok(Math.abs(Math.hypot(...vector) - 1) < 1e-5)
  assert.is.not(france.join(), paris.join())
  const decoded = new Float32Array(new Uint8Array(Buffer.from(String(bytes?.response?.body.data?.[0]?.embedding), 'base64')).buffer) // prettier-ignore
  assert.equal([...decoded], france)
  assert.equal([short?.response?.status_code, none?.response?.status_code], [400, 400])
  assert.match(short?.error?.message ?? '', /^dimensions: must be \d+, the model's own; got 3\.$/)
  assert.equal([text?.text, job.rows.length], ['2 + 2 = 4.', 5])
})

test('reads standard input, and gives its summary as an object', async (t) => {
  const job = new Job(t)
  const input = '{"prompt": "What is 2 + 2?", "temp": 0}\n{"prompt": "Who are you?", "temp": 0}'
  const {code, stdout} = await runCli([...job.argv('-'), '--json'], {input})
  const summary = JSON.parse(stdout) as BatchSummary
  assert.equal([code, summary.outcome, summary.succeeded, summary.failed], [0, 'complete', 2, 0])
  assert.ok(summary.output_tokens > 0 && Number(summary.latency_ms.p50) > 0 && summary.wall_ms > 0)
  assert.equal([job.rows.map(({id}) => id), job.isComplete], [['1', '2'], true])
})

test('fills a template from the columns of a table', async (t) => {
  const job = new Job(t)
  const table = job.file('in.csv', 'id,country,people,temp\nfr,France,67,0\nno,,5,0\n')
  const template = job.file('template.txt', 'What is the capital of {{country}}?\n')
  const {code, stderr} = await job.run(table, '--template', template)
  assert.is(code, 4)
  assert.match(stderr, /^Ignored fields, which neither the template nor an option uses: people$/m)
  assert.equal(
    job.rows.map(({id, text, error}) => [id, text ?? error?.message]),
    [
      ['fr', 'The capital of France is Paris.'],
      ['no', 'The template needs "country", which the item does not have.'],
    ],
  )
})

test('--dry-run and --strict find what is wrong before anything is answered', async (t) => {
  const job = new Job(t)
  const input = job.file(
    'in.jsonl',
    '{"id": 1, "prompt": "a"}\n{"prompt": "b", "tmep": 1}\n{"id": "1", "prompt": "c"}\n',
  )
  const dry = await job.run(input, '--dry-run')
  assert.is(dry.code, 4)
  assert.match(
    dry.stdout,
    /^3 items in \d+ B; 2 are not usable\.\nline 2: tmep: .* Did you mean "temp"\?\nline 3: Line 1 has the same id, "1"\.\n$/,
  )
  const strict = await job.run(input, '--strict')
  assert.is(strict.code, 2)
  assert.match(strict.stderr, /^error: 2 of 3 items are not usable, so nothing was started\.\nline 2: /)
  assert.equal([existsSync(job.output), strict.left], [false, []])
})

const capitals = ['France', 'Japan', 'Italy']

test('a table with the line ends of old Macs has all its rows, also with --limit and --resume', async (t) => {
  const job = new Job(t)
  const rows = capitals.map((country, n) => `${'abc'[n] ?? ''},What is the capital of ${country}?`)
  const table = job.file('in.csv', ['id,prompt', ...rows].join('\r'))
  assert.is((await job.run(table, '--limit', '1', '--set', 'temp=0')).code, 0)
  assert.is((await job.run(table, '--resume', '--set', 'temp=0')).code, 0)
  assert.equal(
    job.rows.map(({id, line, text}) => [id, line, text?.includes('is the capital') || text?.startsWith('The capital')]),
    [
      ['a', 2, true],
      ['b', 3, true],
      ['c', 4, true],
    ],
  )
  assert.ok(job.isComplete)
})

test('--retry-errors tries the failed row of such a table again', async (t) => {
  const job = new Job(t)
  const table = job.file('in.csv', 'id,prompt,max_tokens\ra,Hello!,5\rb,Hello!,x\rc,Hello!,5')
  for (const flags of [[], ['--resume', '--retry-errors']]) {
    const {code, stderr} = await job.run(table, ...flags)
    assert.is(code, 4, stderr)
    assert.equal(job.rows.map(({id, error}) => [id, error?.code]).sort(), [
      ['a', undefined],
      ['b', 'invalid_argument'],
      ['c', undefined],
    ])
  }
})

test('lines of a table may end in their own ways', async (t) => {
  const job = new Job(t)
  const mixed = job.file(
    'mixed.csv',
    `prompt\r\n${capitals.map((name) => `What is the capital of ${name}?\n`).join('')}`,
  )
  assert.match((await job.run(mixed, '--dry-run')).stdout, /^3 items /)
  const stop = job.file('stop.csv', 'prompt,stop\nWhat is the capital of France?,Paris\r\n')
  await job.run(stop, '--set', 'temp=0')
  assert.equal(
    job.rows.map((row) => [row.text, row.stop_reason]),
    [['The capital of France is ', 'stop']],
  )
})

test('a template that is not UTF-8 is refused before anything is answered', async (t) => {
  const job = new Job(t)
  const table = job.file('in.csv', 'id,q\n1,apple\n')
  const template = job.file('template.txt', Buffer.from('Repeat after me: café {{q}}\n', 'latin1'))
  const {code, stdout} = await job.run(table, '--template', template, '--json')
  const {error} = JSON.parse(stdout) as {error: {reason: string; message: string}}
  assert.equal([code, error.reason, existsSync(job.output)], [2, 'invalid_encoding', false])
  assert.match(error.message, /template\.txt is not UTF-8: line 1 has the byte 0xE9 after "Repeat after me: caf"\.$/)
})

test('a configuration in Latin-1 is refused, and one that PowerShell wrote is read', async (t) => {
  const job = new Job(t)
  const input = job.file('in.jsonl', [{prompt: 'Who are you?'}])
  const settings = 'stop: [André]\ntemp: 0\n'
  const latin = job.file('latin.yaml', Buffer.from(settings, 'latin1'))
  const refused = await job.run(input, '--config', latin)
  assert.is(refused.code, 2)
  assert.match(
    refused.stderr,
    /latin\.yaml is not UTF-8: line 1 has the byte 0xE9 after ".*Andr"\.\nConvert it to UTF-8/,
  )
  const marked = job.file('marked.yaml', Buffer.from(`\uFEFF${settings}`, 'utf16le'))
  assert.is((await job.run(input, '--config', marked)).code, 0)
  assert.is(job.rows.length, 1)
})

test('the input is checked before the output', async (t) => {
  const job = new Job(t)
  job.file('rows.jsonl', 'kept')
  const missing = await runCli(job.argv('none.jsonl'))
  assert.match(missing.stderr, /^error: none\.jsonl cannot be read: there is no such file or folder\.\n$/)
  const faulty = await runCli(job.argv(job.file('in.jsonl', [{promt: 'a'}]), '--strict'))
  assert.match(
    faulty.stderr,
    /^error: 1 of 1 item is not usable, so nothing was started\.\nline 1: promt: .*"prompt"\?\n$/,
  )
  const usable = await runCli(job.argv(job.file('in.jsonl', [{prompt: 'a'}])))
  assert.match(usable.stderr, /^error: .*rows\.jsonl exists and has 4 bytes\./)
  assert.equal(
    [missing, faulty, usable].map(({code}) => code),
    [2, 2, 2],
  )
  assert.is(readFileSync(job.output, 'utf8'), 'kept')
})

const refused: [what: string, flags: (job: Job) => string[], message: RegExp][] = [
  ['no output', () => ['-', '--model', qwen], /^error: --output is missing/],
  ['a missing model', ({output}) => ['-', '--model', 'none.gguf', '--output', output], /no model file .*none\.gguf/],
  [
    'a missing input',
    ({output}) => ['none.jsonl', '--model', qwen, '--output', output],
    /^error: none\.jsonl cannot be read: there is no such file or folder\.$/m,
  ],
  [
    'an output in no folder',
    () => ['-', '--model', qwen, '--output', '/none/rows.jsonl'],
    /\/none\/rows\.jsonl cannot be written: there is no such file or folder\.$/m,
  ],
  ['standard input to resume', (job) => [...job.argv('-', '--resume').slice(1)], /--resume reads the input twice/],
  ['rows to standard output', () => ['-', '--model', qwen, '--output', '-'], /^error: --output must be a file.*got -/],
  ['what is no file', () => ['-', '--model', qwen, '--output', '/dev/stdout'], /\/dev\/stdout is not a regular file/],
  [
    'the former name of a flag',
    ({output}) => ['-', '--model-name', 'x', '--output', output],
    /^error: Unknown flag --model-name\.\nDid you mean --model\? See wnn batch --help\.\n$/,
  ],
  [
    'an output that is the input, which stays',
    (job) => [job.file('in.jsonl', slow(1)), '--model', qwen, '--overwrite', '--output', `${job.folder}/in.jsonl`],
    /^error: --output .*in\.jsonl is the input, which would be overwritten\.\nWrite to another file\.$/m,
  ],
  ['an odd limit', (job) => [...job.argv('-', '--max-errors', 'few').slice(1)], /--max-errors takes/],
  [
    'a template without variables',
    (job) => [...job.argv('-', '--template', job.file('t.txt', 'Hi')).slice(1)],
    /no \{\{variable\}\}/,
  ],
  ['--retry-errors alone', (job) => [...job.argv('-', '--retry-errors').slice(1)], /resume/],
  [
    'settings of a model that is elsewhere',
    ({output}) => ['-', '--model', 'x', '--set', 'temp=0', '--output', output],
    /--set needs a model that this command loads/,
  ],
]
for (const [what, flags, message] of refused) {
  test(`refuses ${what} with exit code 2`, async (t) => {
    const {code, stderr, left} = await runCli(['batch', ...flags(new Job(t))], {input: '{"prompt": "a"}'})
    assert.equal([code, left], [2, []], stderr)
    assert.match(stderr, message)
  })
}

test("without a model it means the daemon's, and says so when there is none", async (t) => {
  const {code, stderr} = await runCli(['batch', '-', '--output', new Job(t).output], {input: '{"prompt": "a"}'})
  assert.is(code, 3)
  assert.match(
    stderr,
    /^error: Without a model, the command uses the daemon's\..*\nName a model file \(wnn batch prompts\.jsonl --model /,
  )
})

test('a name that is no file is a model of the daemon', async (t) => {
  const argv = ['batch', '-', '--output', new Job(t).output, '--model', 'qwen']
  const {code, stderr} = await runCli(argv, {input: '{"prompt": "a"}'})
  assert.is(code, 3)
  assert.match(stderr, /^error: There is no file qwen, so it is a model of the daemon\. No daemon listens on /)
})

test('goes on where --limit ended, and refuses other settings', async (t) => {
  const job = new Job(t)
  const input = job.file('in.jsonl', [...questions(6)])
  assert.is((await job.run(input, '--limit', '2')).code, 0)
  assert.equal([job.rows.length, job.isComplete], [2, false])
  const other = await job.run(input, '--resume', '--set', 'top_k=3')
  assert.is(other.code, 2)
  assert.match(other.stderr, /cannot be resumed: sampling\.top_k was 40 and is 3\./)
  const {code, stderr} = await job.run(input, '--resume')
  assert.is(code, 0)
  assert.match(stderr, /answered +4\n.*\nskipped +2, done earlier/)
  assert.equal([job.rows.map(({id}) => id), job.isComplete], [['q1', 'q2', 'q3', 'q4', 'q5', 'q6'], true])
})

test('failed items are answered again by --retry-errors alone', async (t) => {
  const job = new Job(t)
  const input = job.file('in.jsonl', [
    {prompt: 'What is 2 + 2?', temp: 0},
    {...slow(1)[0], max_tokens: 1500},
  ])
  const late = await job.run(input, '--timeout', '10', '--concurrency', '1')
  assert.is(late.code, 4, late.stderr)
  assert.equal([job.rows.length, job.rows.at(-1)?.error?.code], [2, 'timeout'])
  assert.is((await job.run(input, '--resume')).code, 4)
  assert.is((await job.run(input, '--resume', '--retry-errors')).code, 0)
  assert.equal(
    job.rows.map(({text, error}) => [text !== undefined, error]),
    Array(2).fill([true, undefined]),
  )
})

test('an engine that dies is started again, and its items are repeated', async (t) => {
  const job = new Job(t)
  const input = job.file('in.jsonl', slow(12))
  const child = job.start(input, '--concurrency', '3')
  const end = ended(child)
  await job.until(2)
  const engines = enginesOf(child.pid)
  assert.is(engines.length, 1)
  for (const pid of engines) process.kill(pid, 'SIGKILL')
  const {code, stderr} = await end
  assert.is(code, 0, stderr)
  assert.equal([job.rows.length, job.rows.every(isWhole)], [12, true])
})

test('a disk that is full ends it in good order, and it goes on when there is room', (t) => {
  const job = new Job(t)
  const input = job.file('in.jsonl', slow(12))
  const run = (limit: string): {status: number | null; stderr: string} =>
    spawnSync('sh', ['-c', `ulimit -f ${limit}; "$@"`, 'sh', process.execPath, cli, ...job.argv(input, '--resume')], {
      encoding: 'utf8',
    })
  const full = run('4')
  assert.is(full.status, 3, full.stderr)
  assert.match(
    full.stderr,
    /rows\.jsonl cannot be written: the file would be larger than this process may write\.\nAll rows in it are complete\. Free some disk space and continue with --resume\./,
  )
  const before = job.rows.length
  assert.ok(before > 0 && before < 12 && readFileSync(job.output, 'utf8').endsWith('\n'))
  assert.is(run('unlimited').status, 0)
  assert.equal([job.rows.length, job.rows.every(isWhole)], [12, true])
})

test('nobody who reads what it says is no reason to stop', async (t) => {
  const job = new Job(t)
  const child = job.start(job.file('in.jsonl', 'no JSON\n{"prompt": "What is 2 + 2?", "temp": 0}\n'), '--json')
  child.stderr?.destroy()
  child.stdout?.destroy()
  await ended(child)
  assert.equal(
    job.rows.map(({text}) => text),
    [undefined, '2 + 2 = 4.'],
  )
  assert.ok(job.isComplete)
})

test('killed again and again and resumed, it has each answer once, as if nothing had happened', async (t) => {
  const options = {folder: temporaryFolder(t), model: qwen, items: 120, kills: 3, concurrency: 4}
  const report = await killAndResume({...options, order: 'input', random: seededRandom(3)})
  const {rows, wrongIds, otherAnswers, sameOrder, exitCode, rowsAtKills} = report
  assert.equal(
    {rows, wrongIds, otherAnswers, sameOrder, exitCode},
    {rows: 120, wrongIds: [], otherAnswers: [], sameOrder: true, exitCode: 0},
  )
  assert.is(rowsAtKills.length, 3)
})
