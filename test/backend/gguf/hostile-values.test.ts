import {readFile} from 'node:fs/promises'
import * as assert from 'uvu/assert'
import {readGgufHeader} from '../../../src/backend/gguf/header.js'
import {string, temporaryFolder, u32} from '../../support/crafted-gguf.js'
import {phi3, qwen} from '../../support/fixtures.js'
import {arrayType, readGguf, writeGguf, type GgufFile} from '../../support/gguf-file.js'
import {rejects} from '../../support/rejects.js'
import {suite} from '../../support/suite.js'

const test = suite('hostile values in a GGUF header')

let files: Awaited<ReturnType<typeof temporaryFolder>>
test.before(async () => {
  files = await temporaryFolder()
})
test.after(() => files.remove())

type Change = (file: GgufFile) => void

let last = 0
async function changed(change: Change, model = qwen): Promise<string> {
  const file = readGguf(await readFile(model))
  change(file)
  return files.file(`${++last}.gguf`, writeGguf(file))
}

const put = (key: string, type: number, value: Buffer): Change => {
  return ({entries}) =>
    void entries.splice(0, entries.length, ...entries.filter((entry) => entry.key !== key), {key, type, value})
}
const int = (key: string, value: number): Change => put(`qwen2.${key}`, 4, u32(value))
const float = (key: string, value: number): Change => {
  const bytes = Buffer.alloc(4)
  bytes.writeFloatLE(value)
  return put(`qwen2.${key}`, 6, bytes)
}
const all = (...changes: Change[]): Change => {
  return (file) => {
    for (const change of changes) change(file)
  }
}
const tensor = (name: string, change: (tensor: GgufFile['tensors'][number]) => void): Change => {
  return ({tensors}) => {
    const found = tensors.find((each) => each.name === name)
    if (found === undefined) throw new Error(`There is no tensor ${name}.`)
    change(found)
  }
}
const typed = (name: string, type: number, bytesPerElement: number): Change =>
  tensor(name, (found) => {
    found.type = type
    found.data = Buffer.alloc(found.dimensions.reduce((a, b) => a * b, 1) * bytesPerElement)
  })
const tokens = (change: (items: Buffer[]) => void): Change => {
  return ({entries}) => change(entries.find(({key}) => key === 'tokenizer.ggml.tokens')?.array?.items ?? [])
}

const rejected: [what: string, change: Change, message: RegExp][] = [
  ['a context of 0 tokens', int('context_length', 0), /qwen2\.context_length is 0/],
  ['a context of 2^31 tokens', int('context_length', 2 ** 31), /qwen2\.context_length is 2147483648/],
  ['keys of 0 dimensions', int('attention.key_length', 0), /key_length is 0/],
  ['keys shorter than values', int('attention.key_length', 16), /rope\.dimension_count is 32, but the keys .* 16/],
  [
    'keys shorter than values, and rotated so',
    all(int('attention.key_length', 16), int('rope.dimension_count', 16)),
    /key_length is 16 and the values have 32/,
  ],
  ['values of 0 dimensions', int('attention.value_length', 0), /value_length is 0/],
  ['values longer than keys', int('attention.value_length', 64), /key_length is 32 and the values have 64/],
  ['half a head rotated', int('rope.dimension_count', 16), /rope\.dimension_count is 16, but qwen2 rotates all 32/],
  ['an odd rotation', int('rope.dimension_count', 31), /rope\.dimension_count is 31; it must be even/],
  ['more rotated than there is', int('rope.dimension_count', 34), /is 34, but the keys .* 32/],
  ['2^32 - 1 rotated', int('rope.dimension_count', 2 ** 32 - 1), /is 4294967295/],
  ['experts of which none is used', int('expert_count', 8), /expert_used_count is 0; of 8 experts/],
  ['more experts used than there are', int('expert_used_count', 2), /expert_used_count is 2, but there are 0 experts/],
  ['2000 experts', all(int('expert_count', 2000), int('expert_used_count', 2)), /expert_count is 2000; 0 to 1024/],
  ['groups without experts', int('expert_group_count', 1), /expert_group_count is 1, but there are 0 experts/],
  [
    'groups that do not divide the experts',
    all(int('expert_count', 8), int('expert_used_count', 2), int('expert_group_count', 3)),
    /does not divide 8/,
  ],
  [
    'groups of which none is used',
    all(int('expert_count', 8), int('expert_used_count', 2), int('expert_group_count', 4)),
    /expert_group_used_count is 0; 1 to 3/,
  ],
  ['more predicting layers than layers', int('nextn_predict_layers', 5), /nextn_predict_layers is 5, but .* 4 layers/],
  [
    'an unknown scaling type',
    put('qwen2.rope.scaling.type', 8, string('stretch')),
    /"stretch"; llama.cpp knows none, linear/,
  ],
  ['an empty scaling type', put('qwen2.rope.scaling.type', 8, string('')), /scaling\.type is ""/],
  ['a base that is NaN', float('rope.freq_base', NaN), /rope\.freq_base is NaN/],
  ['a negative base', float('rope.freq_base', -10_000), /rope\.freq_base is -10000/],
  ['an infinite factor', float('rope.scaling.factor', Infinity), /rope\.scaling\.factor is Infinity/],
  ['a key of tomorrow that is NaN', float('attention.tomorrow', NaN), /attention\.tomorrow is NaN/],
  ['an alignment of 0', put('general.alignment', 4, u32(0)), /general\.alignment is 0/],
  ['an alignment of 24', put('general.alignment', 4, u32(24)), /general\.alignment is 24; it must be a power of 2/],
  [
    'a norm in f16',
    typed('blk.1.attn_norm.weight', 1, 2),
    /blk\.1\.attn_norm\.weight has one dimension and the type f16/,
  ],
  [
    'a bias in q8_0',
    typed('blk.2.attn_k.bias', 8, 34 / 32),
    /blk\.2\.attn_k\.bias has one dimension and the type q8_0/,
  ],
  [
    'a norm with a part of its name behind it',
    typed('blk.1.ffn_norm.weight', 1, 2),
    /has one dimension and the type f16/,
  ],
  ['a matrix of i32', typed('blk.0.ffn_up.weight', 26, 4), /ffn_up\.weight has the type i32/],
  ['a matrix of f64', typed('blk.0.attn_q.weight', 28, 8), /attn_q\.weight has the type f64/],
  [
    'embeddings in q8_k',
    all(typed('token_embd.weight', 15, 292 / 256)),
    /128 elements in a row, which q8_k cannot hold/,
  ],
  ['rows that blocks do not divide', tensor('blk.0.attn_q.weight', (t) => void (t.type = 14)), /q6_k cannot hold/],
  ['a token twice', tokens((items) => void (items[9] = items[8] ?? string(''))), /token 9 has the same text/],
  [
    'the last token twice',
    tokens((items) => void (items[799] = items[0] ?? string(''))),
    /token 799 has the same text/,
  ],
  [
    'a token that is not UTF-8',
    tokens((items) => void (items[5] = Buffer.from('0200000000000000fffe', 'hex'))),
    /token 5 is not UTF-8/,
  ],
  [
    'a token that is half a character',
    tokens((items) => void (items[6] = Buffer.from('0200000000000000e282', 'hex'))),
    /token 6 is not UTF-8/,
  ],
  [
    'tokens that are no texts',
    ({entries}) => {
      const array = entries.find(({key}) => key === 'tokenizer.ggml.tokens')?.array
      if (array !== undefined) Object.assign(array, {type: 4, items: array.items.map(() => u32(1))})
    },
    /no vocabulary|tokens/,
  ],
  ['a vocabulary that is a number', put('tokenizer.ggml.tokens', 4, u32(7)), /no vocabulary/],
]

for (const [what, change, message] of rejected) {
  test(`${what} is rejected, and named`, async () => {
    await rejects(readGgufHeader(await changed(change)), 'invalid_argument', message)
  })
}

// What real models have must stay allowed.
const allowed: [what: string, change: Change][] = [
  ['two empty tokens, which llama.cpp names', tokens((items) => void items.splice(5, 2, string(''), string('')))],
  ['no length of keys and values', () => undefined],
  ['the lengths that follow from the others', all(int('attention.key_length', 32), int('attention.value_length', 32))],
  ['experts', all(int('expert_count', 8), int('expert_used_count', 2), int('expert_group_count', 1))],
  [
    'experts in groups',
    all(
      ...[int('expert_count', 8), int('expert_used_count', 2), int('expert_group_count', 4)],
      int('expert_group_used_count', 2),
    ),
  ],
  ['no experts', all(int('expert_count', 0), int('expert_used_count', 0))],
  ['a YaRN scaling', all(put('qwen2.rope.scaling.type', 8, string('yarn')), float('rope.scaling.factor', 4))],
  ['a context of 10 million tokens', int('context_length', 10_485_760)],
  ['an alignment of 64', all(put('general.alignment', 4, u32(32)))],
  ['matrices in bf16', typed('blk.0.ffn_up.weight', 30, 2)],
  ['a type of tomorrow', tensor('blk.0.ffn_up.weight', (t) => void (t.type = 77))],
]

for (const [what, change] of allowed) {
  test(`${what} passes`, async () => {
    assert.is((await readGgufHeader(await changed(change))).layers, 4)
  })
}

test('one number of heads per layer passes: only llama.cpp knows which layer has which', async () => {
  const file = await changed(({entries}) => {
    const at = entries.findIndex(({key}) => key === 'qwen2.attention.head_count')
    const items = [4, 4, 4, 4].map(u32)
    entries[at] = {key: 'qwen2.attention.head_count', type: arrayType, value: Buffer.alloc(0), array: {type: 4, items}}
  })
  assert.is((await readGgufHeader(file)).layers, 4)
})

test('an architecture that rotates a part of a head may do so', async () => {
  const file = await changed(put('phi3.rope.dimension_count', 4, u32(24)), phi3)
  assert.is((await readGgufHeader(file)).architecture, 'phi3')
})

test('an architecture that rotates a part of a head must rotate something', async () => {
  const file = await changed(put('phi3.rope.dimension_count', 4, u32(0)), phi3)
  await rejects(readGgufHeader(file), 'invalid_argument', /phi3\.rope\.dimension_count is 0; it must be at least 2/)
})

test('a layer without attention is rejected where llama.cpp does not look', async () => {
  const file = await changed((model) => {
    model.tensors = model.tensors.filter(({name}) => name !== 'blk.1.attn_qkv.weight')
  }, phi3)
  await rejects(readGgufHeader(file), 'invalid_argument', /layer 1 has no tensor blk\.1\.attn_qkv\.weight/)
})

test('tensors that are not aligned to 32 bytes are rejected, whatever the file says', async () => {
  const whole = readGguf(await readFile(qwen))
  put('general.alignment', 4, u32(1))(whole)
  const bytes = writeGguf(whole)
  // The data follows the header at once.
  const headerEnd = bytes.lastIndexOf('blk.3.ffn_up.weight') + 'blk.3.ffn_up.weight'.length + 4 + 16 + 4 + 8
  const padding = Math.ceil(headerEnd / 32) * 32 - headerEnd
  assert.ok(padding > 0)
  const packed = Buffer.concat([bytes.subarray(0, headerEnd), bytes.subarray(headerEnd + padding)])
  await rejects(readGgufHeader(await files.file('packed.gguf', packed)), 'invalid_argument', /not a multiple of 32/)
})

test('names of tensors are shown, not obeyed, and not at length', async () => {
  const name = `\u001b[2J${'x'.repeat(5000)}.bias`
  const file = await changed(tensor('blk.0.attn_norm.weight', (found) => Object.assign(found, {name, type: 1})))
  const error = await rejects(readGgufHeader(file), 'invalid_argument')
  assert.not.match(error.message, /\u001b/)
  assert.ok(error.message.length < 500)
})
