import * as assert from 'uvu/assert'
import {measure, type Measured, type MeasureOptions} from '../../src/bench/measure.js'
import {Prompts} from '../../src/bench/prompts.js'
import type {Sample, Test} from '../../src/bench/result.js'
import type {Ask, Completion, Target} from '../../src/bench/target.js'
import {suite, type TestContext} from '../support/suite.js'
import {thrownBy} from '../support/rejects.js'
import {request} from './support/request.js'

const test = suite('order of measurements')

const sizes = {prompt_tokens: 4, generate_tokens: 2, depth: 0, concurrency: 1}
const tg: Test = {name: 'tg2', workload: 'tg', ...sizes}

interface Script extends Measured {
  asked: Ask[]
}

/** A target that remembers what it is asked. Its words are its tokens. */
async function scripted(name: string, log: string[], answer?: (ask: Ask) => Promise<Completion>): Promise<Script> {
  const asked: Ask[] = []
  const target: Target = {
    subject: {name, kind: 'http', model: null, url: null, served_model: null, engine: null, settings: {}},
    countTokens: (text) => Promise.resolve(text.split(' ').length),
    complete: (ask) => {
      log.push(name)
      asked.push(ask)
      return answer?.(ask) ?? Promise.resolve(request())
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
  const prompts = await Prompts.forTokenizer((text) => target.countTokens(text, new AbortController().signal))
  return {target, prompts, asked}
}

function options(t: TestContext, changes: Partial<MeasureOptions> = {}): MeasureOptions {
  let time = 0
  return {repetitions: 3, warmup: 1, seed: 1, signal: t.signal, now: () => ++time, ...changes}
}

async function collect(samples: AsyncIterable<Sample>, into: Sample[] = []): Promise<Sample[]> {
  for await (const sample of samples) into.push(sample)
  return into
}

test('a round takes each target once, in the same order, so that none follows itself', async (t) => {
  const log: string[] = []
  const targets = [await scripted('A', log), await scripted('B', log)]
  const samples = await collect(measure(targets, [tg], options(t)))
  assert.is(log.join(''), 'ABABABAB')
  // The first round warms up.
  assert.is(samples.map(({subject, repetition}) => `${subject}${repetition}`).join(' '), 'A1 B1 A2 B2 A3 B3')
})

test('no prompt comes twice, and all have the tokens asked for', async (t) => {
  const targets = [await scripted('A', []), await scripted('B', [])]
  const streams: Test = {...tg, name: 'c', workload: 'concurrency', prompt_tokens: 40, concurrency: 4}
  await collect(measure(targets, [streams], options(t)))
  const prompts = targets.flatMap(({asked}) => asked.map(({prompt}) => prompt))
  assert.is(prompts.length, 2 * 4 * 4)
  assert.is(new Set(prompts).size, prompts.length)
  assert.ok(prompts.every((prompt) => prompt.split(' ').length === 40))
})

test('another seed gives other prompts, the same one the same', async (t) => {
  const asked = async (seed: number): Promise<string[]> => {
    const one = await scripted('A', [])
    await collect(measure([one], [{...tg, prompt_tokens: 40}], options(t, {seed})))
    return one.asked.map(({prompt}) => prompt)
  }
  assert.equal(await asked(1), await asked(1))
  const [first, other] = [await asked(1), await asked(2)]
  assert.ok(first.every((prompt) => !other.includes(prompt)))
})

test('a depth is evaluated before, and the measured prompt begins with it', async (t) => {
  const one = await scripted('A', [])
  const deep: Test = {...tg, name: 'pp4@d30', workload: 'pp', depth: 30, generate_tokens: 1}
  const samples = await collect(measure([one], [deep], options(t, {warmup: 0, repetitions: 1})))
  const [before, measured] = one.asked.map(({prompt}) => prompt)
  assert.ok(before !== undefined && measured?.startsWith(`${before} `))
  assert.equal([before.split(' ').length, measured?.split(' ').length], [30, 34])
  assert.is(samples[0]?.requests.length, 1)
})

test('the prefix workload sends the same prompt again', async (t) => {
  const one = await scripted('A', [])
  await collect(measure([one], [{...tg, workload: 'prefix'}], options(t, {warmup: 0, repetitions: 2})))
  const [first, again, next] = one.asked.map(({prompt}) => prompt)
  assert.is(first, again)
  assert.is.not(again, next)
})

test('streams run at the same time, and one that fails ends the others', async (t) => {
  let waiting = 0
  const one = await scripted('A', [], async ({signal}) => {
    if (++waiting === 3) throw new Error('the third fails')
    await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)))
    return request()
  })
  const streams: Test = {...tg, workload: 'concurrency', concurrency: 3}
  const error = await thrownBy(collect(measure([one], [streams], options(t, {warmup: 0}))))
  assert.is((error as Error).message, 'the third fails')
})

test('what was measured before an interruption has been given out', async (t) => {
  const stop = new AbortController()
  const log: string[] = []
  const targets = [
    await scripted('A', log),
    await scripted('B', log, () => {
      if (log.length === 4) stop.abort(new Error('Interrupted.'))
      return Promise.resolve(request())
    }),
  ]
  const samples: Sample[] = []
  const signal = AbortSignal.any([t.signal, stop.signal])
  const error = await thrownBy(collect(measure(targets, [tg], options(t, {signal, warmup: 0})), samples))
  assert.is((error as Error).message, 'Interrupted.')
  assert.equal([samples.length, log.join('')], [3, 'ABAB'])
})
