import fc from 'fast-check'
import * as assert from 'uvu/assert'
import {commonPrefix, PrefixIndex} from '../../../../src/backend/engine/child/prefix-index.js'
import {suite} from '../../../support/suite.js'

const test = suite('prefix index', {timeoutMs: 20_000})

const block = 32
const range = (length: number, from = 0): Uint32Array => Uint32Array.from({length}, (_, at) => from + at)

/** Lists that share beginnings of any length: each continues a part of one of few stems. */
const tokens = fc
  .record({
    stem: fc.integer({min: 0, max: 2}),
    shared: fc.integer({min: 0, max: 130}),
    own: fc.array(fc.integer({min: 0, max: 1}), {maxLength: 70}),
  })
  .map(({stem, shared, own}) => Uint32Array.from([...range(shared, stem * 1000), ...own]))

const lists = fc.array(tokens, {maxLength: 25})

test('commonPrefix counts what two lists begin with', () => {
  assert.equal(
    [
      commonPrefix([1, 2, 3], [1, 2, 4]),
      commonPrefix([1, 2], [1, 2, 4]),
      commonPrefix([], [1]),
      commonPrefix([2], [1]),
    ],
    [2, 2, 0, 0],
  )
})

test('finds what comparing all lists would find, after any of them were deleted', () => {
  fc.assert(
    fc.property(lists, tokens, fc.boolean(), fc.array(fc.integer({min: 0, max: 24})), (all, prompt, whole, gone) => {
      const index = new PrefixIndex()
      for (const [at, list] of all.entries()) index.add(String(at), list)
      for (const at of gone) index.delete(String(at))
      const left = all.map((list, at) => ({at, list})).filter(({at}) => !gone.includes(at))
      const most = left
        .map(({list}) => ({shared: commonPrefix(list, prompt), length: list.length}))
        .filter(({shared, length}) => shared >= block && (!whole || shared === length))
        .reduce((best, {shared}) => Math.max(best, shared), 0)
      const found = index.longest(prompt, {whole})
      assert.is(found?.shared ?? 0, most)
      if (found !== undefined) assert.is(commonPrefix(all[Number(found.id)] ?? [], prompt), most)
      assert.equal(index.ids().sort(), left.map(({at}) => String(at)).sort())
      assert.is(index.size, left.length)
    }),
    {numRuns: 500},
  )
})

test('gives all lists of a block or more that these tokens begin with', () => {
  fc.assert(
    fc.property(lists, tokens, (all, longer) => {
      const index = new PrefixIndex()
      for (const [at, list] of all.entries()) index.add(String(at), list)
      const covered = all.flatMap((list, at) =>
        list.length >= block && commonPrefix(list, longer) === list.length ? [String(at)] : [],
      )
      assert.equal(index.coveredBy(longer).sort(), covered.sort())
    }),
    {numRuns: 500},
  )
})

test('a list that differs within the last block is found with what it shares', () => {
  const index = new PrefixIndex()
  index.add('a', Uint32Array.from([...range(50), 9, 9, ...range(40, 500)]))
  assert.equal(index.longest(range(200)), {id: 'a', shared: 50})
  assert.is(index.longest(range(200), {whole: true}), undefined)
})

test('with whole, a shorter list is found behind a longer one that has another end', () => {
  const index = new PrefixIndex()
  index.add('long', Uint32Array.from([...range(80), 9]))
  index.add('short', range(40))
  assert.equal(index.longest(range(200), {whole: true}), {id: 'short', shared: 40})
})

test('less than a block is never found', () => {
  const index = new PrefixIndex()
  index.add('a', range(31))
  assert.equal([index.longest(range(100)), index.coveredBy(range(100)), index.size], [undefined, [], 1])
})

test('a list takes the place of an earlier one of its name', () => {
  const index = new PrefixIndex()
  index.add('a', range(64))
  index.add('a', range(64, 1000))
  assert.is(index.longest(range(64)), undefined)
  assert.equal(index.tokensOf('a'), range(64, 1000))
  index.delete('a')
  assert.equal([index.size, index.longest(range(64, 1000))], [0, undefined])
})
