import {NnError} from '../../errors.js'
import type {WasmMemory} from '../webassembly.js'

/**
 * A guest's memory with checked bounds. Guests pass any numbers: an address outside of the memory is an
 * `invalid_argument`. Views are made for each access, because the memory may have grown since the last one.
 */
export class GuestMemory {
  constructor(private readonly memory: WasmMemory) {}

  /** Size in bytes. */
  get size(): number {
    return this.memory.buffer.byteLength
  }

  /** @throws `invalid_argument` if the bytes from `address` on are not all in the memory. An address at its end is outside. */
  check(what: string, address: number, length: number): void {
    if (address < this.size && length <= this.size - address) return
    throw new NnError(
      'invalid_argument',
      `${what}: ${length} bytes at address ${address} are outside of the memory of ${this.size} bytes.`,
    )
  }

  readU8(what: string, address: number): number {
    this.check(what, address, 1)
    return this.view().getUint8(address)
  }

  readU32(what: string, address: number): number {
    this.check(what, address, 4)
    return this.view().getUint32(address, true)
  }

  /** A copy, also of shared memory. */
  readBytes(what: string, address: number, length: number): Uint8Array<ArrayBuffer> {
    this.check(what, address, length)
    return new Uint8Array(new Uint8Array(this.memory.buffer, address, length))
  }

  readText(what: string, address: number, length: number): string {
    const bytes = this.readBytes(what, address, length)
    try {
      return new TextDecoder('utf-8', {fatal: true, ignoreBOM: true}).decode(bytes)
    } catch (error) {
      throw new NnError('invalid_argument', `${what}: the ${length} bytes are not UTF-8 text.`, {cause: error})
    }
  }

  writeU32(what: string, address: number, value: number): void {
    this.check(what, address, 4)
    this.view().setUint32(address, value, true)
  }

  writeBytes(what: string, address: number, bytes: Uint8Array): void {
    this.check(what, address, bytes.length)
    new Uint8Array(this.memory.buffer, address, bytes.length).set(bytes)
  }

  private view(): DataView {
    return new DataView(this.memory.buffer)
  }
}
