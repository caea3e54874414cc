import fc from 'fast-check'
import * as assert from 'uvu/assert'
import {Durations} from '../../../src/backend/scheduler/durations.js'
import {suite} from '../../support/suite.js'

const test = suite('durations')

test('nothing recorded is all zero', () => {
  assert.equal(new Durations().summary(), {count: 0, p50: 0, p95: 0, p99: 0, max: 0})
})

test('no time at all counts as one microsecond', () => {
  const durations = new Durations()
  durations.record(0)
  assert.equal(durations.summary(), {count: 1, p50: 0.001, p95: 0.001, p99: 0.001, max: 0.001})
})

test('percentiles are those of the values, to 0.1 % and a microsecond', () => {
  fc.assert(
    fc.property(fc.array(fc.double({min: 0, max: 86_400_000, noNaN: true}), {minLength: 1}), (values) => {
      const durations = new Durations()
      for (const value of values) durations.record(value)
      const sorted = values.toSorted((a, b) => a - b)
      const {count, ...summary} = durations.summary()
      assert.is(count, values.length)
      for (const [name, share] of Object.entries({p50: 0.5, p95: 0.95, p99: 0.99, max: 1})) {
        const exact = sorted[Math.max(1, Math.round(values.length * share)) - 1] ?? 0
        const found = summary[name as keyof typeof summary]
        assert.ok(Math.abs(found - exact) <= exact / 1000 + 0.001, `${name}: ${found} for ${exact}`)
      }
    }),
  )
})
