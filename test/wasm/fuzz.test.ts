import * as assert from 'uvu/assert'
import {initBackend} from '../../src/index.js'
import {nnFunctions} from '../../src/wasm/abi/messages.js'
import {errnos} from '../../src/wasm/abi/numbers.js'
import {suite} from '../support/suite.js'
import {Bare} from './support/bare.js'

/** `WNN_FUZZ_CALLS=100000` runs the long version. */
const calls = Number(process.env.WNN_FUZZ_CALLS ?? 3000)
const test = suite('wasm ABI, random calls', {timeoutMs: 30_000 + calls * 10})
const known: readonly number[] = Object.values(errnos)

/** Numbers from 0 to 2^32 - 1, the same ones for the same seed (xorshift). */
function numbersFrom(seed: number): () => number {
  let state = seed
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state >>> 0
  }
}

for (const seed of [20_261_129, 7]) {
  test(`with seed ${seed}, ${calls} calls give known errnos only, and the host stays usable`, async (t) => {
    const backend = await initBackend()
    t.after(() => backend.deinit())
    const one = new Bare(backend, {config: {model: {prompt_mode: 'raw', n_predict: 2, threads: 1, ctx_size: 64}}})
    const random = numbersFrom(seed)
    const pick = (values: readonly number[]): number => values[random() % values.length] ?? 0
    // Addresses of things that make sense, the edges of the memory, and anything.
    const argument = (): number =>
      pick([
        pick([0, 1, 2, 3, 4, 5, 6]),
        pick([16, 64, 512, 1024]),
        pick([65_532, 65_536, -1, -4]),
        random() | 0,
        random() % 70_000,
      ])
    const prepare = (): void => {
      one.write(1024, random() % 2 === 0 ? 'qwen' : '{"n-predict": 1, "temp": 0}')
      one.tensor(
        512,
        [544, pick([0, 1, 2, random()]), pick([1024, random()]), pick([4, 27, random()])],
        pick([3, 3, 1, 9]),
      )
      one.view.setUint32(544, pick([1, 4, random()]), true)
      one.view.setUint32(16, pick([1024, random()]), true)
      one.view.setUint32(20, pick([4, 27, random()]), true)
    }
    await one.open()
    const seen = new Set<number>()
    for (let call = 0; call < calls; call++) {
      prepare()
      const errno = await one.call(
        nnFunctions[random() % nnFunctions.length] ?? 'load',
        ...Array.from({length: 5}, argument),
      )
      if (!known.includes(errno)) assert.unreachable(`call ${call} gave ${errno}`)
      seen.add(errno)
    }
    assert.ok(seen.has(errnos.success) && seen.has(errnos.invalid_argument))
    const {context} = await one.open()
    assert.is(await one.setInput(context, 0, 'Hello'), 0)
    assert.is(await one.call('compute', context), 0)
  })
}
