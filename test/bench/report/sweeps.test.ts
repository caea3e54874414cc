import * as assert from 'uvu/assert'
import {readTests, type SizeFlags} from '../../../src/bench/options.js'
import {sweepTitle, sweepsOf} from '../../../src/bench/report/sweeps.js'
import {suite} from '../../support/suite.js'

const test = suite('tests that make a line')

function sweeps(flags: Partial<SizeFlags>): [title: string, dimension: string | undefined, tests: string[]][] {
  const tests = readTests({'prompt-tokens': '512', 'generate-tokens': '128', depth: '0', ...flags})
  return sweepsOf(tests).map((sweep) => [sweepTitle(sweep), sweep.dimension, sweep.tests.map(({name}) => name)])
}

test('tests of one size stand alone', () => {
  assert.equal(sweeps({workload: 'pp,tg,load'}), [
    ['pp512', undefined, ['pp512']],
    ['tg128', undefined, ['tg128']],
    ['load', undefined, ['load']],
  ])
})

test('streams are a line in their order, one for each size of prompt', () => {
  assert.equal(sweeps({workload: 'concurrency', concurrency: '16,1', 'prompt-tokens': '128,512'}), [
    ['pp128 + tg128', 'concurrency', ['1×(pp128+tg128)', '16×(pp128+tg128)']],
    ['pp512 + tg128', 'concurrency', ['1×(pp512+tg128)', '16×(pp512+tg128)']],
  ])
})

test('prompts are a line for each depth, answers one over the depths', () => {
  assert.equal(sweeps({'prompt-tokens': '128,512', depth: '0,4096'}), [
    ['pp', 'prompt_tokens', ['pp128', 'pp512']],
    ['pp at depth 4,096', 'prompt_tokens', ['pp128@d4096', 'pp512@d4096']],
    ['tg128', 'depth', ['tg128', 'tg128@d4096']],
  ])
})
