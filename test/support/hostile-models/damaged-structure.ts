import {u64} from '../crafted-gguf.js'
import {alignment, readGguf, writeGguf, type GgufFile} from '../gguf-file.js'
import type {HostileFile} from './hostile-file.js'
import type {Random} from './random.js'

type Damage = (good: Buffer, random: Random) => [what: string, bytes: Buffer]

const lengths = [0n, 1n, 255n, 2n ** 16n, 2n ** 31n - 1n, 2n ** 31n, 2n ** 32n, 2n ** 40n, 2n ** 63n, 2n ** 64n - 1n]

/** Files whose structure is damaged: what a bad disk, a torn download or an attacker makes of a good one. */
export function* damagedStructures(good: Buffer, count: number, random: Random): Generator<HostileFile> {
  const places = readPlaces(good)
  const damages: Damage[] = [
    flipBits(places.headerEnd),
    flipBits(places.infosFrom, places.headerEnd),
    truncate,
    overwriteLength(places.lengths),
    overwriteLength(places.counts),
    overwriteType(places.types),
    changeTensor,
    overwriteOffset(places.offsets),
    dropOrRepeat,
    moveBlock(places.headerEnd),
    hostileWeights,
  ]
  for (let number = 0; number < count; number++) {
    const damage = damages[number % damages.length] ?? truncate
    const [what, bytes] = damage(good, random)
    yield {name: `structure ${number}: ${what}`, bytes: () => bytes}
  }
}

interface Places {
  headerEnd: number
  infosFrom: number
  /** Where counts, lengths of strings and arrays, types of values and tensors, and offsets of tensors are. */
  counts: number[]
  lengths: number[]
  types: number[]
  offsets: number[]
}

function readPlaces(good: Buffer): Places {
  const {entries, tensors} = readGguf(good)
  const places: Places = {headerEnd: 0, infosFrom: 0, counts: [8, 16], lengths: [], types: [], offsets: []}
  let at = 24
  for (const {key, type, value, array} of entries) {
    places.lengths.push(at)
    at += 8 + Buffer.byteLength(key)
    places.types.push(at)
    at += 4
    if (array !== undefined) {
      places.types.push(at)
      places.lengths.push(at + 4)
      at += 12 + array.items.reduce((sum, item) => sum + item.length, 0)
    } else {
      if (type === 8) places.lengths.push(at)
      at += value.length
    }
  }
  places.infosFrom = at
  for (const {name, dimensions} of tensors) {
    places.lengths.push(at)
    at += 8 + Buffer.byteLength(name) + 4 + 8 * dimensions.length
    places.types.push(at)
    places.offsets.push(at + 4)
    at += 12
  }
  places.headerEnd = at
  return places
}

function flipBits(...[first, second]: [number, number?]): Damage {
  const [from, to] = second === undefined ? [4, first] : [first, second]
  return (good, random) => {
    const bytes = Buffer.from(good)
    const flips = Array.from({length: 1 + random.below(4)}, () => from + random.below(to - from))
    for (const at of flips) bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8))
    return [`bits flipped at ${flips.join(', ')}`, bytes]
  }
}

const truncate: Damage = (good, random) => {
  const length = random.below(good.length)
  return [`truncated to ${length} bytes`, good.subarray(0, length)]
}

function overwriteLength(places: readonly number[]): Damage {
  return (good, random) => {
    const [at, before] = [random.pick(places), Buffer.from(good)]
    const real = before.readBigUInt64LE(at)
    const value = random.pick([...lengths, real + 1n, real === 0n ? 7n : real - 1n])
    u64(value).copy(before, at)
    return [`the length at ${at} is ${value}, not ${real}`, before]
  }
}

function overwriteType(places: readonly number[]): Damage {
  return (good, random) => {
    const [at, bytes] = [random.pick(places), Buffer.from(good)]
    const type = random.pick([...Array.from({length: 42}, (_, number) => number), 99, 2 ** 31, 2 ** 32 - 1])
    bytes.writeUInt32LE(type, at)
    return [`the type at ${at} is ${type}`, bytes]
  }
}

function overwriteOffset(places: readonly number[]): Damage {
  return (good, random) => {
    const [at, bytes] = [random.pick(places), Buffer.from(good)]
    const other = good.readBigUInt64LE(random.pick(places))
    const value = random.pick([other, other + 1n, other + BigInt(alignment), ...lengths])
    u64(value).copy(bytes, at)
    return [`the offset at ${at} is ${value}`, bytes]
  }
}

const changeTensor: Damage = (good, random) => {
  const file = readGguf(good)
  const tensor = random.pick(file.tensors)
  const before = tensor.dimensions.join(' x ')
  const at = random.below(tensor.dimensions.length)
  const sizes = [0, 1, 31, 32, 256, (tensor.dimensions[at] ?? 1) * 2, 2 ** 31, 2 ** 40]
  if (random.below(2) === 0) tensor.dimensions = tensor.dimensions.toReversed()
  else tensor.dimensions[at] = random.pick(sizes)
  if (random.below(4) === 0) tensor.dimensions.push(random.pick([0, 1, 2]))
  return [`${tensor.name} is ${tensor.dimensions.join(' x ')}, not ${before}`, writeGguf(file)]
}

const dropOrRepeat: Damage = (good, random) => {
  const file: GgufFile = readGguf(good)
  const list: unknown[] = random.below(2) === 0 ? file.entries : file.tensors
  const at = random.below(list.length)
  const {name, key} = list[at] as {name?: string; key?: string}
  const isTwice = random.below(2) === 0
  if (isTwice) list.push(list[at])
  else list.splice(at, 1)
  return [`${name ?? key ?? ''} is ${isTwice ? 'there twice' : 'missing'}`, writeGguf(file)]
}

function moveBlock(headerEnd: number): Damage {
  return (good, random) => {
    const bytes = Buffer.from(good)
    const length = 8 + random.below(256)
    const [from, to] = [random.below(headerEnd - length), 24 + random.below(headerEnd - length - 24)]
    good.copy(bytes, to, from, from + length)
    return [`${length} bytes from ${from} are also at ${to}`, bytes]
  }
}

const hostileWeights: Damage = (good, random) => {
  const file = readGguf(good)
  const tensor = random.pick(file.tensors)
  const pattern = random.pick(['0000c07f', '0000807f', '007e007e', 'ffffffff', '007c007c', 'ff7f7f7f'])
  tensor.data = Buffer.alloc(tensor.data.length, Buffer.from(pattern, 'hex'))
  return [`the weights of ${tensor.name} are ${pattern}`, writeGguf(file)]
}
