import {string, u32, u64} from '../crafted-gguf.js'
import {arrayType, readGguf, stringType, writeGguf, type Entry, type GgufFile} from '../gguf-file.js'
import type {HostileFile} from './hostile-file.js'

interface Hostile {
  what: string
  change: (file: GgufFile) => void
}

/** Keys of an architecture that llama.cpp reads and that the fixtures may lack. */
const numbers = [
  ...['context_length', 'embedding_length', 'block_count', 'feed_forward_length', 'attention.head_count'],
  ...['attention.head_count_kv', 'attention.key_length', 'attention.value_length', 'rope.dimension_count'],
  ...[
    'expert_count',
    'expert_used_count',
    'expert_group_count',
    'expert_group_used_count',
    'leading_dense_block_count',
  ],
  ...[
    'attention.sliding_window',
    'rope.scaling.original_context_length',
    'embedding_length_out',
    'nextn_predict_layers',
  ],
  ...['attention.key_length_swa', 'rope.dimension_count_swa', 'pooling_type', 'vocab_size'],
]
const fractions = [
  ...['attention.layer_norm_rms_epsilon', 'rope.freq_base', 'rope.scaling.factor', 'rope.scaling.attn_factor'],
  ...['attention.scale', 'attn_logit_softcapping', 'rope.scale_linear', 'logit_scale'],
]
const tokenIds = ['bos', 'eos', 'eot', 'eom', 'unknown', 'seperator', 'padding', 'mask']
const numberValues = [0, 1, 3, 7, 31, 33, 127, 2 ** 16, 2 ** 20, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1]
const fractionValues = [0, -1, NaN, Infinity, -Infinity, 1e-45, 3e38, -3e38]
const texts = [
  '',
  'nonsense',
  'none',
  'yarn',
  'longrope',
  'bert',
  't5',
  'rwkv',
  'plamo2',
  'gemma4',
  'llama',
  'gpt2',
  'no_vocab',
  '\0',
  '\ud800',
]

/** Files of a valid structure whose values no tool would write. */
export function hostileValues(good: Buffer): HostileFile[] {
  const architecture = textOf(readGguf(good), 'general.architecture')
  return [
    ...numbers.flatMap((name) => numberValues.map((value) => number(`${architecture}.${name}`, value))),
    ...fractions.flatMap((name) => fractionValues.map((value) => fraction(`${architecture}.${name}`, value))),
    ...tokenIds.flatMap((name) =>
      numberValues.slice(-5).map((value) => number(`tokenizer.ggml.${name}_token_id`, value)),
    ),
    ...[0, 1, 2, 3, 24, 31, 33, 48, 64, 4096, 2 ** 31].map((value) => number('general.alignment', value)),
    ...[
      'general.architecture',
      'tokenizer.ggml.model',
      'tokenizer.ggml.pre',
      `${architecture}.rope.scaling.type`,
    ].flatMap((key) => texts.map((value) => text(key, value))),
    ...readGguf(good).entries.flatMap(ofEntry),
    ...readGguf(good).tensors.flatMap(({name}) => ofTensor(name)),
    ...vocabularies(),
  ].map(({what, change}) => ({
    name: `value: ${what}`,
    bytes: () => {
      const file = readGguf(good)
      change(file)
      return writeGguf(file)
    },
  }))
}

function textOf({entries}: GgufFile, key: string): string {
  return (
    entries
      .find((entry) => entry.key === key)
      ?.value.subarray(8)
      .toString() ?? ''
  )
}

function put(file: GgufFile, entry: Entry): void {
  const at = file.entries.findIndex(({key}) => key === entry.key)
  if (at < 0) file.entries.push(entry)
  else file.entries[at] = entry
}

function number(key: string, value: number): Hostile {
  return {what: `${key} is ${value}`, change: (file) => put(file, {key, type: 4, value: u32(value)})}
}

function fraction(key: string, value: number): Hostile {
  const bytes = Buffer.alloc(4)
  bytes.writeFloatLE(value)
  return {what: `${key} is ${value}`, change: (file) => put(file, {key, type: 6, value: bytes})}
}

function text(key: string, value: string): Hostile {
  return {
    what: `${key} is ${JSON.stringify(value)}`,
    change: (file) => put(file, {key, type: stringType, value: string(value)}),
  }
}

/** Each key of the file with other types, and very long. */
function ofEntry({key, array}: Entry): Hostile[] {
  const set = (what: string, entry: Omit<Entry, 'key'>): Hostile => ({
    what: `${key} is ${what}`,
    change: (file) => put(file, {key, ...entry}),
  })
  const none = Buffer.alloc(0)
  const others = [
    set('a text of 10 MB', {type: stringType, value: string('x'.repeat(10_000_000))}),
    set('an empty array', {type: arrayType, value: none, array: {type: stringType, items: []}}),
    set('an array of 3 numbers', {type: arrayType, value: none, array: {type: 4, items: [u32(1), u32(2), u32(3)]}}),
    set('a 64-bit -1', {type: 11, value: u64(2n ** 64n - 1n)}),
    set('a boolean of 255', {type: 7, value: Buffer.from([255])}),
  ]
  if (array === undefined) return others
  return [...others, ...ofArray(key)]
}

function ofArray(key: string): Hostile[] {
  const edit = (what: string, change: (items: Buffer[]) => Buffer[]): Hostile => ({
    what: `${key} ${what}`,
    change: ({entries}) => {
      const array = entries.find((entry) => entry.key === key)?.array
      if (array !== undefined) array.items = change(array.items)
    },
  })
  return [
    edit('lacks its last element', (items) => items.slice(0, -1)),
    edit('has one element too many', (items) => [...items, items[0] ?? u32(0)]),
    edit('has one element', (items) => items.slice(0, 1)),
    edit('has equal elements', (items) => items.map(() => items[0] ?? u32(0))),
    edit('is reversed', (items) => items.toReversed()),
  ]
}

const tensorTypes = [0, 1, 2, 8, 10, 14, 16, 24, 26, 28, 30, 39]

/** Each tensor with other types, with data of that size, and in other shapes. */
function ofTensor(name: string): Hostile[] {
  const edit = (what: string, change: (tensor: GgufFile['tensors'][number]) => void): Hostile => ({
    what: `${name} ${what}`,
    change: ({tensors}) => {
      const tensor = tensors.find((each) => each.name === name)
      if (tensor === undefined) throw new Error(`There is no tensor ${name}.`)
      change(tensor)
    },
  })
  const elements = (dimensions: readonly number[]): number => dimensions.reduce((product, size) => product * size, 1)
  return [
    ...tensorTypes.map((type) =>
      edit(`has type ${type}`, (tensor) => {
        tensor.type = type
        tensor.data = Buffer.alloc(sizeOf(type, elements(tensor.dimensions)), 1)
      }),
    ),
    edit('has NaN weights', (tensor) => {
      tensor.data = Buffer.alloc(tensor.data.length, Buffer.from(tensor.type === 0 ? '0000c07f' : '007e', 'hex'))
    }),
    edit('has three dimensions', (tensor) => tensor.dimensions.push(...[1, 1].slice(tensor.dimensions.length - 1))),
    edit('has half its rows', (tensor) => {
      const last = tensor.dimensions.length - 1
      tensor.dimensions[last] = (tensor.dimensions[last] ?? 2) / 2
      tensor.data = tensor.data.subarray(0, tensor.data.length / 2)
    }),
    edit('is transposed', (tensor) => void tensor.dimensions.reverse()),
    edit('is missing', () => undefined),
    edit('has another name', (tensor) => void (tensor.name = `x${tensor.name}`)),
  ].map((hostile) => (hostile.what.endsWith('is missing') ? {...hostile, change: drop(name)} : hostile))
}

function drop(name: string): Hostile['change'] {
  return (file) => {
    file.tensors = file.tensors.filter((tensor) => tensor.name !== name)
  }
}

const blocks: Readonly<Record<number, [elements: number, bytes: number]>> = {
  ...{0: [1, 4], 1: [1, 2], 2: [32, 18], 8: [32, 34], 10: [256, 84], 14: [256, 210], 16: [256, 66]},
  ...{24: [1, 1], 26: [1, 4], 28: [1, 8], 30: [1, 2], 39: [32, 17]},
}

function sizeOf(type: number, elements: number): number {
  const [perBlock, bytes] = blocks[type] ?? [1, 4]
  return Math.ceil(elements / perBlock) * bytes
}

/** Tokens that llama.cpp or a reader of its answers may stumble over. */
function vocabularies(): Hostile[] {
  const edit = (what: string, key: string, change: (items: Buffer[]) => void): Hostile => ({
    what: `${key} ${what}`,
    change: ({entries}) => {
      const array = entries.find((entry) => entry.key === key)?.array
      if (array !== undefined) change(array.items)
    },
  })
  const tokens = 'tokenizer.ggml.tokens'
  const raw = (bytes: number[]): Buffer => Buffer.concat([u64(BigInt(bytes.length)), Buffer.from(bytes)])
  return [
    edit('has a token twice', tokens, (items) => void (items[300] = items[301] ?? string('a'))),
    edit('has its last token first, too', tokens, (items) => void (items[0] = items.at(-1) ?? string('a'))),
    edit('has a token that is not UTF-8', tokens, (items) => void (items[300] = raw([0xff, 0xfe]))),
    edit('has no token that is UTF-8', tokens, (items) => {
      for (const index of items.keys()) items[index] = raw([0xff, 0xfe, index & 255, index >> 8])
    }),
    edit('has half a character', tokens, (items) => void (items[300] = raw([0xe2, 0x82]))),
    edit('has an empty token', tokens, (items) => void (items[300] = string(''))),
    edit('has two empty tokens', tokens, (items) => {
      items[300] = string('')
      items[301] = string('')
    }),
    edit('has a token of 1 MB', tokens, (items) => void (items[300] = string('x'.repeat(1_000_000)))),
    edit('has a token with a NUL', tokens, (items) => void (items[300] = string('a\0b'))),
    edit('has only byte tokens', 'tokenizer.ggml.token_type', (items) => {
      for (const index of items.keys()) items[index] = u32(6)
    }),
    edit('has only control tokens', 'tokenizer.ggml.token_type', (items) => {
      for (const index of items.keys()) items[index] = u32(3)
    }),
    edit('has only unused tokens', 'tokenizer.ggml.token_type', (items) => {
      for (const index of items.keys()) items[index] = u32(5)
    }),
    edit('has types that do not exist', 'tokenizer.ggml.token_type', (items) => {
      for (const index of items.keys()) items[index] = u32(2 ** 31 + index)
    }),
    edit('has merges without a space', 'tokenizer.ggml.merges', (items) => {
      for (const index of items.keys()) items[index] = string(`x${index}`)
    }),
    edit('has merges of tokens that do not exist', 'tokenizer.ggml.merges', (items) => {
      for (const index of items.keys()) items[index] = string(`q${index} z${index}`)
    }),
    edit('has scores that are NaN', 'tokenizer.ggml.scores', (items) => {
      for (const index of items.keys()) items[index] = Buffer.from('0000c07f', 'hex')
    }),
  ]
}
