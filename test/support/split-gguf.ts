import {readFileSync, writeFileSync} from 'node:fs'
import {entry, u32, u64} from './crafted-gguf.js'
import {alignment, Reader, valueBytes} from './gguf-file.js'

class HeaderReader extends Reader {
  skipText(): void {
    const length = this.u64()
    this.at += length
  }

  skipValue(type: number): void {
    if (type === 8) this.skipText()
    else if (type === 9) this.skipArray()
    else this.at += valueBytes[type] ?? 0
  }

  private skipArray(): void {
    const element = this.u32()
    const length = this.u64()
    for (let i = 0; i < length; i++) this.skipValue(element)
  }
}

interface Tensor {
  /** Name, dimensions and type, as they are in the header. */
  head: Buffer
  offset: number
}

/**
 * Splits a model into files `PREFIX-00001-of-00002.gguf` and so on, named and marked as llama.cpp's gguf-split does it.
 * Gives their paths.
 */
export function splitModel(model: string, prefix: string, count = 2): string[] {
  const reader = new HeaderReader(readFileSync(model), 4)
  const [version, tensorCount, pairs] = [reader.u32(), reader.u64(), reader.u64()]
  const start = reader.at
  for (let i = 0; i < pairs; i++) {
    reader.skipText()
    reader.skipValue(reader.u32())
  }
  const metadata = reader.bytes.subarray(start, reader.at)
  const tensors = Array.from({length: tensorCount}, () => readTensor(reader))
  const data = reader.bytes.subarray(Math.ceil(reader.at / alignment) * alignment)
  const ends = [...tensors.map(({offset}) => offset), data.length].sort((a, b) => a - b)
  const perPart = Math.ceil(tensors.length / count)
  return Array.from({length: count}, (_, part) => {
    const own = tensors.slice(part * perPart, (part + 1) * perPart)
    const marks = [
      entry('split.no', 2, u16(part)),
      entry('split.count', 2, u16(count)),
      entry('split.tensors.count', 5, u32(tensors.length)),
    ]
    const head = [
      ...[Buffer.from('GGUF'), u32(version), u64(BigInt(own.length))],
      ...[u64(BigInt((part === 0 ? pairs : 0) + marks.length)), ...(part === 0 ? [metadata] : []), ...marks],
    ]
    const bodies = own.map(({offset}) =>
      padded(
        data.subarray(
          offset,
          ends.find((end) => end > offset),
        ),
      ),
    )
    let at = 0
    const infos = own.flatMap(({head: info}, index) => {
      const offset = at
      at += bodies[index]?.length ?? 0
      return [info, u64(BigInt(offset))]
    })
    const file = `${prefix}-${digits(part + 1)}-of-${digits(count)}.gguf`
    writeFileSync(file, Buffer.concat([padded(Buffer.concat([...head, ...infos])), ...bodies]))
    return file
  })
}

function readTensor(reader: HeaderReader): Tensor {
  const from = reader.at
  reader.skipText()
  const rank = reader.u32()
  reader.at += 8 * rank + 4
  return {head: reader.bytes.subarray(from, reader.at), offset: reader.u64()}
}

function padded(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((alignment - (bytes.length % alignment)) % alignment)])
}

function u16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16LE(value)
  return bytes
}

function digits(number: number): string {
  return String(number).padStart(5, '0')
}
