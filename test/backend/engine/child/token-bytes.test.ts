import path from 'node:path'
import * as assert from 'uvu/assert'
import {addonLogLevels, loadAddon} from '../../../../src/backend/engine/child/addon.js'
import type {AddonModel} from '../../../../src/backend/engine/child/addon-types.js'
import {EngineModel} from '../../../../src/backend/engine/child/model.js'
import {tokenBytes} from '../../../../src/backend/engine/child/token-bytes.js'
import {readGgufHeader} from '../../../../src/backend/gguf/header.js'
import {askAfresh, phi3, qwen} from '../../../support/fixtures.js'
import {sharedBackend} from '../../../support/shared-backend.js'
import {suite} from '../../../support/suite.js'

const test = suite('bytes of tokens', {timeoutMs: 20_000})
const opened = sharedBackend(test)

async function withModel(file: string, use: (model: EngineModel, size: number) => void): Promise<void> {
  const {addon} = await loadAddon(false)
  addon.setLoggerLogLevel(addonLogLevels.error)
  const native = new addon.AddonModel(file, {addonExports: addon, gpuLayers: 0, useMmap: true, useMlock: false})
  await native.init()
  try {
    const {vocabularySize} = await readGgufHeader(file)
    const unused = (): Promise<never> => Promise.reject(new Error('No conversation is rendered.'))
    use(new EngineModel(native, vocabularySize, unused), vocabularySize)
  } finally {
    await native.dispose()
  }
}

for (const file of [qwen, phi3]) {
  const name = path.basename(file)

  test(`${name}: the vocabulary gives the bytes of every token that has a text`, () =>
    withModel(file, (model, size) => {
      let compared = 0
      for (let token = 0; token < size; token++) {
        const text = model.texts[token] ?? ''
        // Control tokens have no text.
        if (text === '' || text.includes('\uFFFD')) continue
        assert.equal(tokenBytes(model.native, token, '\uFFFD'), [...Buffer.from(text)], `token ${token}`)
        compared++
      }
      assert.ok(compared > size / 2, `${compared} of ${size} tokens`)
    }))

  test(`${name}: the bytes of a text's tokens are those of the text, through all characters`, () =>
    withModel(file, (model) => {
      for (const text of ['café 🙂', 'naïve 漢字 – “x”', '\u0080\u07ff\u0800\uffff😀', 'a\0b', 'tab\tline\n']) {
        const bytes = [...model.tokenize(`\n${text}`)].flatMap((token) => model.bytes(token))
        const start = [...model.tokenize('\n')].flatMap((token) => model.bytes(token))
        assert.is(Buffer.from(bytes.slice(start.length)).toString(), text)
      }
    }))

  test(`${name}: every byte but those that no text has is some token`, () =>
    withModel(file, (model, size) => {
      const single = new Set<number>()
      for (let token = 0; token < size; token++) {
        const [byte, more] = model.bytes(token)
        if (byte !== undefined && more === undefined) single.add(byte)
      }
      const missing = Array.from({length: 256}, (_, byte) => byte).filter((byte) => !single.has(byte))
      assert.equal(missing, [])
    }))
}

const vocabularies: [what: string, kind: number, attributes: number, written: string, bytes: number[]][] = [
  ['byte-level BPE', 2, 4, 'ðŁĻ', [0xf0, 0x9f, 0x99]],
  ['BPE with SentencePiece bytes', 2, 32, '<0xF0>', [0xf0]],
  ['BPE with characters of its own', 2, 4, '▁\uFFFD', [0x20, 0xef, 0xbf, 0xbd]],
  ['SentencePiece', 1, 32, '<0xc3>', [0xc3]],
  ['a normal token that looks like a byte', 1, 4, '<0xc3>', [...Buffer.from('<0xc3>')]],
  ['RWKV', 5, 4, '\\xf0\\x9fA\\n\\\\', [0xf0, 0x9f, 0x41, 10, 0x5c]],
]
for (const [what, kind, attributes, written, bytes] of vocabularies) {
  test(`${what}: ${written}`, () => {
    const native = {getTokenString: () => written, getTokenAttributes: () => attributes, getVocabularyType: () => kind}
    assert.equal(tokenBytes(native as unknown as AddonModel, 0, '\uFFFD'), bytes)
  })
}

test('log-probabilities have the bytes of parts of characters', async () => {
  const {text, metadata} = await askAfresh(opened(), 'Repeat after me: café 🙂', {n_probs: 3, max_tokens: 12})
  const tokens = metadata.logprobs ?? []
  assert.is(Buffer.from(tokens.flatMap(({bytes}) => bytes)).toString(), text)
  assert.ok(
    tokens.some((token) => token.text === '\uFFFD' && token.bytes.length === 1),
    text,
  )
  assert.ok(tokens.flatMap(({top}) => top).every(({bytes, text: own}) => own === '' || bytes.length > 0))
})
