import * as assert from 'uvu/assert'
import {defaultConfig} from '../../../src/config/index.js'
import type {BackendStatus, DiskStatus} from '../../../src/backend/contract/status.js'
import {explainStatus} from '../../../src/cli/status/why.js'
import {suite} from '../../support/suite.js'
import {madeUpStatus} from './made-up-status.js'

const test = suite('wnn status --why')

const diskOf = (status: BackendStatus): DiskStatus => status.memory.disks[0] as DiskStatus
const graphOf = ({memory}: BackendStatus): BackendStatus['memory']['graphs'][number] => {
  const [graph] = memory.graphs
  if (graph === undefined) throw new Error('The status has no graph.')
  return graph
}
const wanting = (n_gpu_layers: 'max' | number): BackendStatus['model']['config'] => {
  const config = defaultConfig(4)
  return {...config, model: {...config.model, n_gpu_layers}}
}

test('says nothing when nothing is wrong', () => {
  assert.equal(explainStatus(madeUpStatus()), [])
})

const cases: [what: string, change: (status: BackendStatus) => unknown, level: string, text: RegExp, fix: RegExp][] = [
  ['no model', (s) => (s.model.graphs = []), 'hint', /No model is loaded/, /wnn load/],
  [
    'a model that falls back to the CPU',
    (s) => (s.model = madeUpStatus({config: wanting('max'), warnings: ['There is no GPU.']}).model),
    'problem',
    /qwen has 0 of 5 layers on the GPU, model\.n_gpu_layers is max\. There is no GPU\./,
    /docs\/gpu\.md/,
  ],
  [
    'a GPU that is too small',
    (s) => (s.model = madeUpStatus({config: wanting('max'), gpu: 'H100', gpu_layers: 3}).model),
    'hint',
    /3 of 5 layers/,
    /model\.ctx_size/,
  ],
  ['a queue near full', (s) => (s.queue.queued = 45), 'problem', /45 of 50 \(90 %\)/, /model\.parallel.*queue_size/],
  ['refused tasks', (s) => (s.queue.refused = 5), 'problem', /5 of 20 \(25 %\) tasks were rejected/, /queue_size/],
  ['missed deadlines', (s) => (s.queue.timed_out = 2), 'problem', /2 of 20 .* deadline of 1 min 0 s/, /timeout_ms/],
  [
    'missed deadlines of requests alone',
    (s) => Object.assign(s.queue, {timed_out: 2, default_task_timeout_ms: 0}),
    'problem',
    /exceeded their own timeout_ms\.$/,
    /^Raise their timeout_ms/,
  ],
  [
    'long waits',
    (s) => {
      s.queue.wait_ms = {count: 20, p50: 3000, p95: 9000, p99: 9000, max: 9000}
      s.queue.run_ms = {count: 20, p50: 2000, p95: 2500, p99: 2500, max: 2500}
    },
    'hint',
    /wait up to 9 s \(95 %\) and run for 2 s/,
    /model\.parallel \(now 1/,
  ],
  [
    'a cache that thrashes',
    (s) => Object.assign(s.memory.saved_caches, {saved: 30, dropped: 28, restored: 2, tokens: 9900}),
    'hint',
    /30 saved, 28 evicted, 2 restored \(now 9900 tokens\)/,
    /max_cache_mb/,
  ],
  [
    'a cache that thrashes within a number of tokens',
    (s) => Object.assign(s.memory.saved_caches, {saved: 30, dropped: 28, restored: 2, max_cache_tokens: 10_000}),
    'hint',
    /30 saved, 28 evicted/,
    /max_cache_tokens/,
  ],
  [
    'caches lost to errors',
    (s) => (s.memory.saved_caches.failed = 1),
    'problem',
    /1 saved cache was lost/,
    /free disk space/,
  ],
  [
    'a context too small',
    (s) => (graphOf(s).slots = [{slot: 0, tokens: 2000, busy: true, session: 's'}]),
    'hint',
    /2000 of 2048 \(98 %\) tokens/,
    /Raise model\.ctx_size \(the model was trained on 4096\)/,
  ],
  [
    'prompts that lack messages',
    (s) => (s.performance.shortened_prompts = 4),
    'hint',
    /^4 of 20 \(20 %\) answers had a prompt without the oldest messages, which did not fit into the context\.$/,
    /Raise model\.ctx_size/,
  ],
  [
    'a session whose prompts lack messages',
    (s) => {
      const session = {contexts: [], idle_ms: 0, cached_tokens: 0, cache: 'slot', messages: 12} as const
      s.performance.shortened_prompts = 4
      s.sessions.sessions = [
        {...session, id: 'a', contexts: [], dropped_messages: 2},
        {...session, id: 'b', contexts: [], dropped_messages: 8},
      ]
    },
    'hint',
    /Session b now lacks 8 of its 12 messages\.$/,
    /start a new session/,
  ],
  [
    'an engine that died and came back',
    (s) => (s.model = madeUpStatus({crashes: 2, last_crash: 'It hung.', since_crash_ms: 65_000}).model),
    'hint',
    /engine of qwen died 2 times, the last time 1 min 5 s ago: It hung\./,
    /model\.ctx_size/,
  ],
  [
    'a driver that is too old for the CUDA binary',
    (s) => {
      const last_crash = 'CUDA error: the provided PTX was compiled with an unsupported toolchain.'
      s.model = madeUpStatus({crashes: 2, last_crash, since_crash_ms: 65_000}).model
    },
    'hint',
    /unsupported toolchain/,
    /Update the driver to one that supports CUDA 13\.1/,
  ],
  [
    'a model that was given up',
    (s) => {
      s.model = madeUpStatus({state: 'failed', crashes: 5, last_crash: 'It hung.', since_crash_ms: 900}).model
      graphOf(s).engine_pid = null
    },
    'problem',
    /qwen is not restarted: its engine died 5 times, the last time 900 ms ago/,
    /wnn unload qwen/,
  ],
  ['an engine that died', (s) => (graphOf(s).engine_pid = null), 'problem', /engine of qwen died/, /restarts it/],
  [
    'an engine that is stuck',
    (s) => (graphOf(s).responsive = false),
    'problem',
    /\(process 42\) does not answer/,
    /unload/,
  ],
  ['memory near its limit', (s) => (s.memory.max_memory_mb = 200), 'hint', /190 MiB of the 200 MiB/, /max_memory_mb/],
  ['sessions near their limit', (s) => (s.sessions.active = 95), 'hint', /95 of 100/, /max_sessions/],
  [
    'an engine that died because of requests',
    (s) =>
      (s.model = madeUpStatus({crashes: 3, crashes_by_requests: 1, last_crash: 'It hung.', since_crash_ms: 5}).model),
    'hint',
    /died 3 times.*Of these, once because of a single request, which is rejected for ten minutes\./,
    /logging\.file/,
  ],
  [
    'a model whose file was replaced, and that goes on',
    (s) => (s.model = madeUpStatus({file_change: 'was replaced: it had 5 bytes'}).model),
    'hint',
    /^\/m\/qwen\.gguf was replaced: it had 5 bytes\. qwen goes on, but it cannot be started again\.$/,
    /wnn load \/m\/qwen\.gguf --name qwen/,
  ],
  [
    'a model whose file is gone, and that does not go on',
    (s) => {
      s.model = madeUpStatus({state: 'failed', crashes: 1, file_change: 'was removed or renamed'}).model
      graphOf(s).engine_pid = null
    },
    'problem',
    /^qwen does not answer: \/m\/qwen\.gguf was removed or renamed\.$/,
    /put the old one back/,
  ],
  [
    'weights that are no numbers',
    (s) => (s.model = madeUpStatus({warnings: ['The model computes no numbers: they are NaN.']}).model),
    'problem',
    /^qwen: The model computes no numbers/,
    /Download the file again/,
  ],
  [
    'a full disk',
    (s) => Object.assign(diskOf(s), {use: 'state', path: '/s', free_bytes: 0, problem: 'the disk is full'}),
    'problem',
    /^Histories of sessions cannot be written to \/s: the disk is full \(0 B are free, and 1000000 inodes\)\.$/,
    /Free some space there, or use another --state-dir/,
  ],
  [
    'a full disk that histories were lost to, which is told once',
    (s) => {
      Object.assign(s.sessions, {write_error: 'the disk is full', state_dir: '/s'})
      Object.assign(diskOf(s), {use: 'state', path: '/s', free_bytes: 0, problem: 'the disk is full'})
    },
    'problem',
    /^Histories of sessions cannot be written to \/s: the disk is full/,
    /--state-dir/,
  ],
  [
    'a disk without inodes',
    (s) => Object.assign(diskOf(s), {use: 'caches', free_inodes: 0, problem: 'the file system has no inodes left'}),
    'problem',
    /^Saved caches cannot be written to \/tmp: the file system has no inodes left \(1 TiB are free, and 0 inodes\)/,
    /max_cache_mb/,
  ],
  [
    'a quota',
    (s) => Object.assign(diskOf(s), {use: 'log', free_inodes: null, problem: 'the disk quota is used up'}),
    'problem',
    /^Lines of the log cannot be written to \/tmp: the disk quota is used up \(1 TiB are free\)/,
    /logging\.file/,
  ],
  [
    'a folder that may not be written',
    (s) => Object.assign(diskOf(s), {problem: 'the file system is read-only'}),
    'problem',
    /^Temporary files cannot be written to \/tmp: the file system is read-only/,
    /Let this user write there, or set TMPDIR/,
  ],
  [
    'a disk that is nearly full',
    (s) => Object.assign(diskOf(s), {free_bytes: 5 * 1024 ** 2}),
    'hint',
    /^The disk of \/tmp is nearly full: 5 MiB are free, and 1000000 inodes\.$/,
    /TMPDIR/,
  ],
  [
    'histories that cannot be written',
    (s) => Object.assign(s.sessions, {write_error: 'ENOSPC', state_dir: '/s'}),
    'problem',
    /written to \/s: ENOSPC/,
    /--state-dir/,
  ],
]

for (const [what, change, level, text, fix] of cases) {
  test(`explains ${what}`, () => {
    const status = madeUpStatus()
    change(status)
    const [finding, ...others] = explainStatus(status)
    assert.is(finding?.level, level)
    assert.match(finding?.text ?? '', text)
    assert.match(finding?.fix ?? '', fix)
    assert.equal(others, [])
  })
}

test('puts problems first', () => {
  const status = madeUpStatus()
  status.memory.max_memory_mb = 200
  status.queue.refused = 1
  assert.equal(
    explainStatus(status).map(({level}) => level),
    ['problem', 'hint'],
  )
})
