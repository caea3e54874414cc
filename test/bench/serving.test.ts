import {spawn} from 'node:child_process'
import {once} from 'node:events'
import http from 'node:http'
import type {AddressInfo} from 'node:net'
import * as assert from 'uvu/assert'
import {enginePasses} from '../../perf/serving/engine-passes.js'
import type {Round} from '../../perf/serving/measure-round.js'
import {processTree, usageOf} from '../../perf/serving/processes.js'
import {tableRows} from '../../perf/serving/table.js'
import {cellsOf} from '../../perf/serving/workloads.js'
import type {TrafficFigures} from '../../src/bench/traffic/index.js'
import {suite} from '../support/suite.js'

const test = suite('servers beside each other')

if (process.platform === 'linux') {
  test('the usage of a process counts its children', async (t) => {
    const child = spawn('sh', ['-c', 'while :; do :; done & echo started; wait'], {stdio: ['ignore', 'pipe', 'ignore']})
    const pid = child.pid ?? NaN
    t.after(() => processTree(pid).forEach((one) => process.kill(one, 'SIGKILL')))
    await once(child.stdout, 'data')
    assert.is(processTree(pid).length, 2)
    while (usageOf(pid).cpuMs < 20) await new Promise(setImmediate)
    assert.ok(usageOf(pid).rssBytes > 0)
  })
}

test('passes and steps are read from the metrics, over all labels, where they are there', async (t) => {
  let text = 'wnn_engine_passes_total{model="a"} 6\nwnn_engine_passes_total{model="b"} 2\nwnn_engine_steps_total 4\n'
  const server = http.createServer((_, response) => response.end(text))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  assert.equal(await enginePasses(url, t.signal), {passes: 8, steps: 4})
  text = 'wnn_slots 4\n'
  assert.is(await enginePasses(url, t.signal), undefined)
})

function round(tokens: number, cpuMs: number): Round {
  const figures: TrafficFigures = {
    ...{completed: 1, failed: 0, failure: undefined, windowMs: 1000, tokens, tokensPerSecond: tokens},
    ...{completedPerSecond: 1, ttftMs: undefined, itlMs: undefined, promptTokens: undefined, cachedTokens: undefined},
    ...{goodput: undefined, longPrompt: undefined},
  }
  return {figures, cpuMs, rssBytes: 0, readyMs: 0, passesPerStep: undefined}
}

test('a row has medians, and the median of the ratios of the rounds to the first column', () => {
  const rows = tableRows('closed', '4 clients', [
    {name: 'llama-server', rounds: [round(100, 1000), round(200, 1000), round(100, 1000)]},
    {name: 'wnn', rounds: [round(50, 1000), round(180, 1000), round(80, 1000)]},
  ])
  assert.match(rows, /^\| closed \| 4 clients \| tokens per CPU second \| 100\.0 \| 80\.0 \| 0\.80 \|$/m)
  assert.match(rows, /^\| closed \| 4 clients \| passes per step \| - \| - \| - \|$/m)
  assert.not.match(rows, /ttft/)
})

test('slots and contexts have room for each workload', () => {
  const options = {
    clients: [64],
    requests: undefined,
    promptTokens: 64,
    answerTokens: {min: 16, max: 95},
    sessions: false,
  }
  const sizes = (workload: Parameters<typeof cellsOf>[0]): number[] =>
    cellsOf(workload, options).flatMap(({slots, contextTokens}) => [slots, contextTokens])
  assert.equal(sizes('closed'), [64, 512])
  assert.equal(sizes('poisson'), [16, 512])
  assert.equal(sizes('conversations'), [8, 1024])
  assert.equal(sizes('long-prompt'), [9, 2816])
})
