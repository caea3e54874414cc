import * as assert from 'uvu/assert'
import type {AddonModel} from '../../../../../src/backend/engine/child/addon-types.js'
import {findCuts, type Cuts} from '../../../../../src/backend/engine/child/prompt/cuts.js'
import {Pace} from '../../../../../src/backend/engine/child/prompt/pace.js'
import {SlicedTokenizer, TooManyTokens} from '../../../../../src/backend/engine/child/prompt/sliced-tokenizer.js'
import {readGgufHeader} from '../../../../../src/backend/gguf/header.js'
import {temporaryFolder, withMetadata} from '../../../../support/crafted-gguf.js'
import {phi3, qwen} from '../../../../support/fixtures.js'
import {thrownBy} from '../../../../support/rejects.js'
import {suite} from '../../../../support/suite.js'
import {nativeModel, type NativeModel} from '../support/native-model.js'

const test = suite('tokenizing in slices', {timeoutMs: 30_000})

let models: {name: string; size: number; model: NativeModel}[] = []
let folder: Awaited<ReturnType<typeof temporaryFolder>>
test.before(async () => {
  folder = await temporaryFolder()
  // As Llama 2 has it: a space goes before a text, and after each special token.
  const prefixed = await withMetadata(phi3, 'tokenizer.ggml.add_space_prefix', (bytes, at) => bytes.writeUInt8(1, at))
  models = await Promise.all(
    [qwen, phi3, await folder.file('prefixed.gguf', prefixed)].map(async (name) => ({
      name,
      size: (await readGgufHeader(name)).vocabularySize,
      model: await nativeModel(name),
    })),
  )
})
test.after(async () => {
  for (const {model} of models) await model[Symbol.asyncDispose]()
  await folder.remove()
})

test('one of the models puts a space before texts', () => {
  const hasPrefix = ({model}: {model: NativeModel}): boolean =>
    model.native.tokenize('the', false).at(-1) === model.native.tokenize('x the', false).at(-1)
  assert.equal(models.map(hasPrefix), [false, false, true])
})

/** Without a list of the differences, which takes long for many tokens. */
const isSame = (tokens: Uint32Array, others: Uint32Array): boolean =>
  Buffer.compare(Buffer.from(tokens.slice().buffer), Buffer.from(others.slice().buffer)) === 0

const words = [
  ...['the', 'capital', 'of', 'France', "it's", '42', '3D', '1000000', 'a.b', 'x,', 'naïve', '東京。', '🙂', '한국어'],
  ...['<|im_end|>', '<|end|>', '</s>', '<s>', '<|im_', 'end|>', '{{ x }}', '\u00a0', '…', '--', '==', '(y)', 'Q2w'],
]
const spaces = [' ', ' ', ' ', '\n', '\n', '\n\n', '  ', '\t', '\r\n', '', ' \n', '\n ']

function randomText(length: number, seed: number): string {
  let state = seed
  const next = (size: number): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    return (state >>> 8) % size
  }
  const parts: string[] = []
  for (let size = 0; size < length; size += parts.at(-1)?.length ?? 0) {
    parts.push(`${words[next(words.length)] ?? ''}${spaces[next(spaces.length)] ?? ''}`)
  }
  return parts.join('')
}

test('the tokens are those of one call, whatever the text has', async () => {
  for (const {model, name, size} of models) {
    const tokenizer = new SlicedTokenizer(model.native, size)
    for (let seed = 1; seed <= 12; seed++) {
      const text = randomText(60_000, seed)
      for (const special of [true, false]) {
        const sliced = await tokenizer.tokenize(text, special, new Pace())
        assert.ok(isSame(sliced, model.native.tokenize(text, special)), `${name} ${seed}`)
      }
    }
  }
})

test('prose, lines and base64 are cut, so that no call is long', async () => {
  for (const {model, size} of models) {
    let longest = 0
    const native = {
      getTokenString: (token: number) => model.native.getTokenString(token),
      getTokenAttributes: (token: number) => model.native.getTokenAttributes(token),
      getVocabularyType: () => model.native.getVocabularyType(),
      tokenize: (text: string, special: boolean) => {
        longest = Math.max(longest, text.length)
        return model.native.tokenize(text, special)
      },
    } as unknown as AddonModel
    const tokenizer = new SlicedTokenizer(native, size)
    const base64 = Buffer.from(randomText(60_000, 3)).toString('base64')
    for (const text of ['The quick brown fox. '.repeat(5000), 'x = 1;\nfoo bar\n'.repeat(5000), base64]) {
      longest = 0
      const tokens = await tokenizer.tokenize(text, false, new Pace())
      assert.ok(isSame(tokens, model.native.tokenize(text, false)))
      assert.ok(longest < 20_000, String(longest))
    }
  }
})

test('a text with more tokens than can be used is given up early, and one with as many is not', async () => {
  for (const {model, size} of models) {
    const tokenizer = new SlicedTokenizer(model.native, size)
    for (const text of ['The quick brown fox. '.repeat(20_000), 'a'.repeat(400_000)]) {
      const count = model.native.tokenize(text, true).length
      assert.is((await tokenizer.tokenize(text, true, new Pace(), count)).length, count)
      const error = await thrownBy(tokenizer.tokenize(text, true, new Pace(), 1000))
      assert.ok(error instanceof TooManyTokens && error.atLeast > 1000 && error.atLeast <= count)
    }
    // White space may vanish beside a special token, so it proves nothing.
    const blank = `<|end|>${' '.repeat(100_000)}x`
    const count = model.native.tokenize(blank, true).length
    assert.is((await tokenizer.tokenize(blank, true, new Pace(), count)).length, count)
  }
})

test('an abort ends it between two slices', async () => {
  for (const {model, size} of models) {
    const tokenizer = new SlicedTokenizer(model.native, size)
    const aborter = new AbortController()
    const tokens = thrownBy(tokenizer.tokenize(randomText(2_000_000, 5), false, new Pace(aborter.signal)))
    setImmediate(() => aborter.abort('enough'))
    assert.is(await tokens, 'enough')
  }
})

const cutsOf = (texts: readonly string[], {attributes = 0, type = 2} = {}): Cuts => {
  const native = {
    getTokenString: (token: number) => texts[token],
    getTokenAttributes: () => attributes,
    getVocabularyType: () => type,
  } as unknown as AddonModel
  const finding = findCuts(native, texts.length)
  let step = finding.next()
  while (step.done !== true) step = finding.next()
  return step.value
}

test('a vocabulary with tokens across a place is not cut there', () => {
  const places = (texts: readonly string[], how = {}): string[] => {
    const {pattern} = cutsOf(texts, how)
    if (pattern === undefined) return []
    return ['a\nb', 'a b', '1a'].filter((text) => new RegExp(pattern).test(text))
  }
  assert.equal(places(['a', 'b', '\u0120b', '\u010a', '1']), ['a\nb', 'a b', '1a'])
  assert.equal(places(['\u010ab']), ['a b', '1a'])
  assert.equal(places(['\nb'], {type: 1}), ['a b', '1a'])
  assert.equal(places(['a\u2581'], {type: 1}), ['a\nb', '1a'])
  assert.equal(places(['a\u0120b']), ['a\nb', '1a'])
  assert.equal(places(['x1y']), ['a\nb', 'a b'])
  assert.equal(places(['<0x0A>'], {type: 1, attributes: 1 << 5}), ['a\nb', 'a b', '1a'])
  // Tokens that split a text may take the white space beside them.
  assert.equal(places(['PAD'], {attributes: 1 << 3}), [])
  assert.equal(places(['<end>'], {attributes: 1 << 3}), ['a\nb', 'a b', '1a'])
  for (const type of [3, 4, 5]) assert.equal(places(['a'], {type}), [])
})

test('tokens are decoded in slices to the same text, between whole characters', async () => {
  for (const {model} of models) {
    const engine = model.withTemplate()
    const text = ` ${randomText(100_000, 7)}`
    for (const special of [true, false]) {
      const tokens = model.native.tokenize(text, special)
      assert.is(await engine.detokenize(tokens, new Pace()), model.native.detokenize(tokens, true))
    }
    const emoji = model.native.tokenize('🙂'.repeat(20_000), false)
    assert.is(await engine.detokenize(emoji, new Pace()), model.native.detokenize(emoji, true))
    assert.is(await engine.detokenize(new Uint32Array(), new Pace()), '')
  }
})

test('a client that goes away while the vocabulary is read costs no other one', async () => {
  const vocabularySize = 150_000
  const native = {
    getVocabularyType: () => 2,
    getTokenAttributes: () => 0,
    getTokenString: (token: number) => `token${token}`,
    tokenize: (text: string) => new Uint32Array(Math.ceil(text.length / 4)),
  } as unknown as AddonModel
  const sliced = new SlicedTokenizer(native, vocabularySize)
  const text = 'hello world '.repeat(3000)
  const leaving = new AbortController()
  const gone = thrownBy(sliced.tokenize(text, true, new Pace(leaving.signal)))
  const beside = sliced.tokenize(text, true, new Pace(new AbortController().signal))
  leaving.abort(new Error('gone'))
  assert.match(String(await gone), /gone/)
  assert.ok((await beside).length > 0)
  assert.ok((await sliced.tokenize(text, true, new Pace())).length > 0)
})
