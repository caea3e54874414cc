import * as assert from 'uvu/assert'
import {readTests} from '../../../src/bench/options.js'
import type {Test} from '../../../src/bench/result.js'
import {neededContext, neededSlots} from '../../../src/bench/tests.js'
import {suite} from '../../support/suite.js'

const test = suite('flags of traffic')
const read = (given: object): Test[] => readTests({'prompt-tokens': '512', depth: '0', ...given})
const names = (given: object): string[] => read(given).map(({name}) => name)

test('a closed loop is measured for each number of clients, with answers of 16 to 256 tokens', () => {
  assert.equal(
    names({arrivals: 'closed'}),
    ['1', '4', '16'].map((clients) => `closed ${clients}×(pp512+tg16-256)`),
  )
  const [first] = read({arrivals: 'closed', concurrency: '8', 'generate-tokens': '32-64'})
  assert.equal(first, {
    ...{name: 'closed 8×(pp512+tg32-64)', workload: 'traffic', prompt_tokens: 512, generate_tokens: 64, depth: 0},
    ...{concurrency: 8, traffic: {arrivals: 'closed', requests: 32, generate_tokens_min: 32}},
  })
})

test('equal lengths, rounds and Poisson arrivals have names of their own', () => {
  assert.equal(names({arrivals: 'together', concurrency: '4', 'generate-tokens': '55'}), ['together 4×(pp512+tg55)'])
  const [poisson] = read({arrivals: 'poisson:2.5', requests: 100, slo: 'ttft=500ms,itl=50ms'})
  assert.is(poisson?.name, 'poisson 2.5/s×(pp512+tg16-256)')
  assert.equal(poisson?.traffic, {
    ...{arrivals: 'poisson', rate: 2.5, requests: 100, generate_tokens_min: 16},
    slo: {ttft_ms: 500, itl_ms: 50},
  })
})

test('conversations have turns, a system prompt, and three of them a client by default', () => {
  const chats = {arrivals: 'closed', concurrency: '8', turns: 4, depth: '96', 'prompt-tokens': '48'}
  assert.equal(names({...chats, 'generate-tokens': '16-48'}), ['chat 8×(pp48+tg16-48)@d96, 24×4 turns'])
  const tests = read({...chats, conversations: 48, 'generate-tokens': '16-48'})
  assert.is(tests[0]?.traffic?.requests, 192)
  assert.is(neededContext(tests), 96 + 4 * (48 + 60 + 32))
  assert.is(neededSlots(tests), 8)
})

const mistakes: [flags: object, message: RegExp][] = [
  [{arrivals: 'poisson'}, /--arrivals got "poisson"/],
  [{arrivals: 'poisson:0'}, /--arrivals got/],
  [{arrivals: 'closed', 'generate-tokens': '1-4'}, /-n got "1-4" with --arrivals/],
  [{arrivals: 'closed', 'generate-tokens': '9-4'}, /-n got/],
  [{arrivals: 'closed', depth: '64'}, /-d is the system prompt of conversations/],
  [{arrivals: 'poisson:1', turns: 2}, /--turns and --conversations need --arrivals closed/],
  [{arrivals: 'closed', turns: 2, requests: 5}, /--requests cannot be combined with conversations/],
  [{arrivals: 'closed', workload: 'pp'}, /--arrivals measures only traffic/],
  [{slo: 'ttft=1s'}, /--slo needs --arrivals/],
  [{workload: 'traffic'}, /Unknown workload "traffic"/],
]
for (const [given, message] of mistakes) {
  test(`${JSON.stringify(given)} is refused`, () => {
    assert.throws(() => read(given), message)
  })
}
