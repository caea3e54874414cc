import * as assert from 'uvu/assert'
import {readFraction, readTests} from '../../src/bench/options.js'
import {neededContext, neededSlots} from '../../src/bench/tests.js'
import {suite} from '../support/suite.js'

const test = suite('tests of a run')
const flags = {'prompt-tokens': '512', 'generate-tokens': '128', depth: '0'}
const names = (given: object): string[] => readTests({...flags, ...given}).map(({name}) => name)

test('prompts and generation are measured unless something else is said', () => {
  assert.equal(names({}), ['pp512', 'tg128'])
})

test('every combination of sizes is a test', () => {
  assert.equal(names({'prompt-tokens': '128-256*2', depth: '0,1024'}), [
    ...['pp128', 'pp256', 'pp128@d1024', 'pp256@d1024', 'tg128', 'tg128@d1024'],
  ])
})

test('--concurrency adds its workload, a list of workloads stands for itself', () => {
  assert.equal(names({concurrency: '1,4'}), ['pp512', 'tg128', '1×(pp512+tg128)', '4×(pp512+tg128)'])
  assert.equal(names({workload: 'prefix,load,switch'}), ['prefix512', 'load', 'switch'])
  assert.equal(names({workload: 'prefix', concurrency: '2'}), ['prefix512', '2×(pp512+tg128)'])
})

test('a depth for what has none is a mistake', () => {
  assert.throws(() => names({workload: 'prefix,load', depth: '0,64'}), /prefix and load have no depth/)
  assert.equal(names({workload: 'prefix,pp', depth: '64'}), ['prefix512', 'pp512@d64'])
})

test('a size of 0 leaves a workload out, and all of them out is a mistake', () => {
  assert.equal(names({'generate-tokens': '0'}), ['pp512'])
  assert.throws(() => names({'prompt-tokens': '0', 'generate-tokens': '0'}), /nothing to measure/)
})

test('one token has no rate', () => assert.throws(() => names({'generate-tokens': '1'}), /-n 1 has no rate/))

test('an unknown workload is told the known ones', () => {
  assert.throws(() => names({workload: 'pp,foo'}), /Unknown workload "foo"/)
})

test('contexts and slots have room for the largest test', () => {
  const tests = readTests({...flags, depth: '1000', concurrency: '2,8'})
  assert.is(neededContext(tests), 1000 + 512 + 128)
  assert.is(neededSlots(tests), 8)
})

test('a share is written in percent or as a fraction', () => {
  assert.is(readFraction('5%', '--x'), 0.05)
  assert.is(readFraction('2.5 %', '--x'), 0.025)
  assert.is(readFraction('0.1', '--x'), 0.1)
  for (const text of ['', '5', '0', '-1%', '100%', 'x'])
    assert.throws(() => readFraction(text, '--x'), /--x takes a share/)
})
