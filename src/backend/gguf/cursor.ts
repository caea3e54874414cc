import type {FileHandle} from 'node:fs/promises'

/** Strings in headers are names, templates and licences; a valid one does not have megabytes. */
const maxStringBytes = 16 * 1024 * 1024
const maxArrayLength = 16 * 1024 * 1024
const chunkBytes = 256 * 1024

type Scalar = number | bigint | boolean | string

/** Sizes of the fixed-size value types, by their number in the format. */
const valueBytes: Record<number, number> = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
const stringType = 8
const arrayType = 9

/** Reads a GGUF header piece by piece and rejects every length that exceeds the file. */
export class GgufCursor {
  /** Bytes read so far. */
  position = 0
  private chunk = Buffer.alloc(0)
  private chunkStart = 0

  constructor(
    private readonly file: FileHandle,
    private readonly fileBytes: number,
  ) {}

  async magic(): Promise<string> {
    return this.fileBytes < 4 ? '' : (await this.take(4)).toString('latin1')
  }

  async u32(): Promise<number> {
    return (await this.take(4)).readUInt32LE()
  }

  /** A 64-bit number that counts or measures something in this file. */
  async size(what: string): Promise<number> {
    const value = (await this.take(8)).readBigUInt64LE()
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new Error(`${what} is ${value}, which is too large for any file`)
    return Number(value)
  }

  async count(what: string, most: number): Promise<number> {
    const value = await this.size(`the number of ${what}`)
    if (value > most) throw new Error(`it claims ${value} ${what}; at most ${most} are accepted`)
    return value
  }

  async string(): Promise<string> {
    return (await this.textBytes()).toString('utf8')
  }

  private async textBytes(): Promise<Buffer> {
    const length = await this.size('a string length')
    if (length > maxStringBytes) throw new Error(`a string of ${length} bytes is longer than ${maxStringBytes}`)
    return this.take(length)
  }

  /** The text at the position if all of it has been read from the file. */
  private textInChunk(): Buffer | undefined {
    const from = this.position - this.chunkStart
    if (from < 0 || from + 8 > this.chunk.length || this.chunk.readUInt32LE(from + 4) !== 0) return undefined
    const end = from + 8 + this.chunk.readUInt32LE(from)
    if (end > this.chunk.length) return undefined
    this.position = this.chunkStart + end
    return this.chunk.subarray(from + 8, end)
  }

  /** A metadata value; for an array only its length, the elements are skipped. */
  async value(): Promise<Scalar | {length: number}> {
    const type = await this.u32()
    if (type === stringType) return this.string()
    if (type === arrayType) return this.array()
    const bytes = valueBytes[type]
    if (bytes === undefined) throw new Error(`metadata type ${type} is not known`)
    return readScalar(type, await this.take(bytes))
  }

  /** A value that must be an array of texts: `take` gets the bytes of each. Any other value counts as none. */
  async texts(take: (bytes: Buffer) => void): Promise<{length: number} | undefined> {
    const type = await this.u32()
    if (type === arrayType) return this.array(take)
    this.position -= 4
    await this.value()
    return undefined
  }

  private async array(take?: (bytes: Buffer) => void): Promise<{length: number}> {
    const elementType = await this.u32()
    const length = await this.size('an array length')
    if (length > maxArrayLength) throw new Error(`an array of ${length} elements is longer than ${maxArrayLength}`)
    if (elementType === stringType) {
      for (let i = 0; i < length; i++) {
        // A vocabulary has 100,000 texts or more: without a turn of the event loop for each.
        const bytes = this.textInChunk() ?? (await this.textBytes())
        take?.(bytes)
      }
    } else {
      const bytes = valueBytes[elementType]
      // Arrays of arrays can keep llama.cpp's reader busy forever; no model has them.
      if (bytes === undefined) throw new Error(`arrays of metadata type ${elementType} are not accepted`)
      this.skip(bytes * length)
    }
    return take === undefined || elementType === stringType ? {length} : {length: 0}
  }

  private skip(bytes: number): void {
    this.need(bytes)
    this.position += bytes
  }

  private need(bytes: number): void {
    if (this.position + bytes > this.fileBytes) {
      throw new Error(`the file ends inside its header, at byte ${this.fileBytes}: it is truncated or damaged`)
    }
  }

  private async take(bytes: number): Promise<Buffer> {
    this.need(bytes)
    const from = this.position - this.chunkStart
    if (from < 0 || from + bytes > this.chunk.length) await this.fill(bytes)
    const start = this.position - this.chunkStart
    this.position += bytes
    return this.chunk.subarray(start, start + bytes)
  }

  private async fill(bytes: number): Promise<void> {
    const buffer = Buffer.alloc(Math.min(Math.max(bytes, chunkBytes), this.fileBytes - this.position))
    const {bytesRead} = await this.file.read(buffer, 0, buffer.length, this.position)
    if (bytesRead < bytes) throw new Error('it was truncated while it was read')
    this.chunk = buffer.subarray(0, bytesRead)
    this.chunkStart = this.position
  }
}

function readScalar(type: number, bytes: Buffer): Scalar {
  switch (type) {
    case 0:
      return bytes.readUInt8()
    case 1:
      return bytes.readInt8()
    case 2:
      return bytes.readUInt16LE()
    case 3:
      return bytes.readInt16LE()
    case 4:
      return bytes.readUInt32LE()
    case 5:
      return bytes.readInt32LE()
    case 6:
      return bytes.readFloatLE()
    case 7:
      return bytes.readUInt8() !== 0
    case 10:
      return bytes.readBigUInt64LE()
    case 11:
      return bytes.readBigInt64LE()
    default:
      return bytes.readDoubleLE()
  }
}
