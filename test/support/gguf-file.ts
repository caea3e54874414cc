import {string, u32, u64} from './crafted-gguf.js'

/** Sizes of the fixed-size value types, by their number in the format. */
export const valueBytes: Readonly<Record<number, number>> = {
  ...{0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8},
}
export const stringType = 8
export const arrayType = 9
export const alignment = 32

/** A metadata entry with its value as bytes; of an array each element for itself. */
export interface Entry {
  key: string
  type: number
  value: Buffer
  array?: {type: number; items: Buffer[]}
}

export interface Tensor {
  name: string
  dimensions: number[]
  type: number
  data: Buffer
}

/** A whole model file, to be changed and written again. */
export interface GgufFile {
  entries: Entry[]
  tensors: Tensor[]
}

/** Reads one number after another. */
export class Reader {
  constructor(
    readonly bytes: Buffer,
    public at = 8,
  ) {}

  u32(): number {
    this.at += 4
    return this.bytes.readUInt32LE(this.at - 4)
  }

  u64(): number {
    this.at += 8
    return Number(this.bytes.readBigUInt64LE(this.at - 8))
  }

  take(length: number): Buffer {
    this.at += length
    return this.bytes.subarray(this.at - length, this.at)
  }

  text(): string {
    return this.take(this.u64()).toString()
  }

  value(type: number): Buffer {
    if (type !== stringType) return this.take(valueBytes[type] ?? 0)
    const length = this.u64()
    this.at -= 8
    return this.take(8 + length)
  }

  entry(): Entry {
    const [key, type] = [this.text(), this.u32()]
    if (type !== arrayType) return {key, type, value: this.value(type)}
    const [element, length] = [this.u32(), this.u64()]
    const items = Array.from({length}, () => this.value(element))
    return {key, type, value: Buffer.alloc(0), array: {type: element, items}}
  }
}

/** Reads a model that has no faults. */
export function readGguf(bytes: Buffer): GgufFile {
  const reader = new Reader(bytes)
  const [tensorCount, entryCount] = [reader.u64(), reader.u64()]
  const entries = Array.from({length: entryCount}, () => reader.entry())
  const heads = Array.from({length: tensorCount}, () => {
    const [name, rank] = [reader.text(), reader.u32()]
    const dimensions = Array.from({length: rank}, () => reader.u64())
    return {name, dimensions, type: reader.u32(), offset: reader.u64()}
  })
  const data = bytes.subarray(padded(reader.at))
  const ends = [...heads.map(({offset}) => offset), data.length].sort((a, b) => a - b)
  const tensors = heads.map(({offset, ...head}) => {
    return {...head, data: data.subarray(offset, ends.find((end) => end > offset) ?? data.length)}
  })
  return {entries, tensors}
}

/** Writes a model as it is, without checks. */
export function writeGguf({entries, tensors}: GgufFile): Buffer {
  let offset = 0
  const infos = tensors.map(({name, dimensions, type, data}) => {
    const info = [string(name), u32(dimensions.length), ...dimensions.map((size) => u64(BigInt(size))), u32(type)]
    const at = offset
    offset += padded(data.length)
    return Buffer.concat([...info, u64(BigInt(at))])
  })
  const counts = [u64(BigInt(tensors.length)), u64(BigInt(entries.length))]
  const head = Buffer.concat([Buffer.from('GGUF'), u32(3), ...counts, ...entries.map(entryBytes), ...infos])
  return Buffer.concat([fill(head), ...tensors.map(({data}) => fill(data))])
}

function entryBytes({key, type, value, array}: Entry): Buffer {
  const head = [string(key), u32(type)]
  if (array === undefined) return Buffer.concat([...head, value])
  return Buffer.concat([...head, u32(array.type), u64(BigInt(array.items.length)), ...array.items])
}

function padded(length: number): number {
  return Math.ceil(length / alignment) * alignment
}

function fill(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc(padded(bytes.length) - bytes.length)])
}
