import * as assert from 'uvu/assert'
import {realClock} from '../../../src/system/clock.js'
import {Prompts} from '../../../src/bench/prompts.js'
import {checkResult, type BenchResult} from '../../../src/bench/result.js'
import {HttpTarget} from '../../../src/bench/targets/http-target.js'
import {figuresOf, runTraffic, type Traffic, type TrafficFigures} from '../../../src/bench/traffic/index.js'
import {DaemonHome} from '../../daemon/support/daemon-home.js'
import {qwen} from '../../support/fixtures.js'
import {runCli} from '../../support/run-cli.js'
import {suite} from '../../support/suite.js'

const test = suite('traffic on a served model', {timeoutMs: 60_000})
const sizes = {promptTokens: 12, answerTokens: {min: 4, max: 12}}
const settings = ['model.parallel=4', 'model.threads=1'].flatMap((setting) => ['--set', setting])

test('every kind of traffic is answered, and the figures add up', async (t) => {
  const home = new DaemonHome(t)
  const daemon = await home.serve('--model', qwen, '--port', '0', ...settings)
  const [, url = ''] = /served at (\S+)\./.exec(daemon.said) ?? []
  const target = await HttpTarget.open({url, apiKey: undefined, signal: t.signal})
  const prompts = await Prompts.forTokenizer((text) => target.countTokens(text, t.signal))
  const measure = async (traffic: Traffic): Promise<TrafficFigures> => {
    const run = await runTraffic(traffic, {target, prompts, seed: 1, clock: realClock, signal: t.signal})
    const figures = figuresOf(run)
    assert.is(figures.failure, undefined)
    assert.ok(figures.tokensPerSecond > 0 && figures.windowMs > 0)
    return figures
  }

  const closed = await measure({kind: 'closed', clients: 3, requests: 9, ...sizes})
  assert.equal([closed.completed, closed.promptTokens], [9, 9 * 12])

  const poisson = await measure({kind: 'poisson', ratePerSecond: 50, requests: 8, ...sizes})
  assert.is(poisson.completed, 8)
  assert.ok((poisson.ttftMs?.max ?? 0) > 0)

  const chats = {kind: 'conversations', clients: 2, conversations: 3, turns: 3, systemTokens: 40, ...sizes} as const
  const stateless = await measure({...chats, sessions: false})
  assert.is(stateless.completed, 9)
  const kept = await measure({...chats, sessions: true})
  // Later turns find their own history, and all turns the system prompt.
  assert.ok((kept.cachedTokens ?? 0) > 0.5 * (kept.promptTokens ?? NaN), JSON.stringify(kept))

  const {longPrompt} = await measure({
    ...{kind: 'long-prompt', clients: 2, longPromptTokens: 300, steadyTokens: 10, promptTokens: 12},
    answerTokens: {min: 400, max: 500},
  })
  assert.ok((longPrompt?.ttftMs ?? 0) > 0 && longPrompt?.duringMs !== undefined)
  daemon.child.kill('SIGTERM')
  await daemon.ended
})

test('wnn bench measures conversations on a file and a server, with goodput, in a result of the same form', async (t) => {
  const home = new DaemonHome(t)
  const daemon = await home.serve('--model', qwen, '--port', '0', ...settings)
  const [, url = ''] = /served at (\S+)\./.exec(daemon.said) ?? []
  const traffic = ['--arrivals', 'closed', '--concurrency', '2', '-p', '12', '-n', '24-40', '--slo', 'ttft=60s,itl=60s']
  const common = [qwen, '--set', 'model.threads=1', '--url', url, '-r', '1', '--warmup', '0', '--json']
  for (const [more, requests] of [
    [['--requests', '5'], 5],
    [['--turns', '2', '--conversations', '3', '-d', '20'], 6],
  ] as const) {
    const {code, stdout, stderr} = await runCli(['bench', ...common, ...traffic, ...more])
    assert.is(code, 0, stderr)
    const result: unknown = JSON.parse(stdout)
    assert.ok(checkResult(result), JSON.stringify(checkResult.errors))
    const {samples} = result as BenchResult
    assert.is(samples.length, 2)
    for (const {subject, metrics, requests: completed, failures} of samples) {
      assert.ok(completed.length >= requests)
      assert.equal([metrics['failed'], metrics['goodput'], failures], [0, 1, []])
      // Short answers of a quick model may come in one flush from an engine, which leaves no time between tokens.
      const latencies = subject.includes(' at ') ? ['itl_p50', 'itl_p95', 'itl_max'] : []
      for (const name of ['throughput', 'ttft', 'ttft_p95', 'cache_hit_rate', ...latencies]) {
        assert.ok(name in metrics, `${name} in ${JSON.stringify(metrics)}`)
      }
    }
  }
  daemon.child.kill('SIGTERM')
  await daemon.ended
})
