import fc from 'fast-check'
import * as assert from 'uvu/assert'
import {CostCurve} from '../../../../src/backend/engine/child/cost-curve.js'
import {suite} from '../../../support/suite.js'

const test = suite('cost curve')

const knowing = (measurements: Record<number, number>): CostCurve => {
  const curve = new CostCurve()
  for (const [rows, ms] of Object.entries(measurements)) curve.measured(Number(rows), ms)
  return curve
}

test('nothing is known: no size has an estimate', () => {
  const curve = new CostCurve()
  assert.equal([curve.estimate(1), curve.estimate(512)], [Infinity, Infinity])
  assert.not(curve.has(1))
})

test('a first measurement is taken as it is', () => {
  const curve = knowing({8: 40})
  assert.ok(curve.has(8))
  assert.not(curve.has(7))
  assert.is(curve.estimate(8), 40)
})

test('a shorter measurement counts for more than a longer one', () => {
  const curve = knowing({8: 40})
  curve.measured(8, 40)
  curve.measured(8, 20)
  assert.is(curve.estimate(8), 30)
  curve.measured(8, 70)
  assert.is(curve.estimate(8), 40)
})

test('the first decode of a size is often slow: a shorter second one takes its place', () => {
  const curve = knowing({64: 300})
  assert.not(curve.isSettled(64))
  curve.measured(64, 120)
  assert.ok(curve.isSettled(64))
  assert.is(curve.estimate(64), 120)
})

test('between two measured sizes the estimate is on the straight line, also where more rows take less time', () => {
  const curve = knowing({64: 20, 32: 40, 128: 60})
  assert.equal(
    [32, 40, 48, 64, 96, 128].map((rows) => curve.estimate(rows)),
    [40, 35, 30, 20, 40, 60],
  )
})

test('below all sizes the best rate counts', () => {
  assert.is(knowing({32: 40, 64: 20}).estimate(16), 5)
})

test('above all sizes, up to twice the largest takes as long as that one, and more is unknown', () => {
  const curve = knowing({4: 9, 16: 12})
  assert.equal([curve.estimate(17), curve.estimate(32), curve.estimate(33)], [12, 12, Infinity])
})

test('for sizes that are tried at once, any size above all others takes as long as the largest', () => {
  const curve = knowing({4: 9, 16: 12})
  assert.equal(
    [curve.optimistic(2), curve.optimistic(16), curve.optimistic(33), curve.optimistic(512)],
    [1.5, 12, 12, 12],
  )
  assert.is(new CostCurve().optimistic(1), Infinity)
})

test('only a measured size is scaled', () => {
  const curve = knowing({4: 8})
  curve.scale(4, 0.5)
  curve.scale(8, 0.5)
  assert.is(curve.estimate(4), 4)
  assert.not(curve.has(8))
})

const measurements = fc.array(
  fc.record({rows: fc.integer({min: 1, max: 600}), ms: fc.double({min: 0, max: 1e6, noNaN: true})}),
  {minLength: 1},
)

test('an estimate of a measured size lies within what was measured', () => {
  fc.assert(
    fc.property(measurements, (all) => {
      const curve = new CostCurve()
      for (const {rows, ms} of all) curve.measured(rows, ms)
      for (const {rows} of all) {
        const times = all.flatMap((one) => (one.rows === rows ? [one.ms] : []))
        const found = curve.estimate(rows)
        assert.ok(found >= Math.min(...times) - 1e-6 && found <= Math.max(...times) + 1e-6)
      }
    }),
  )
})

test('no estimate is negative or not a number', () => {
  fc.assert(
    fc.property(measurements, fc.integer({min: 1, max: 2000}), (all, rows) => {
      const curve = new CostCurve()
      for (const {rows: size, ms} of all) curve.measured(size, ms)
      assert.ok(curve.estimate(rows) >= 0)
    }),
  )
})
