import {NnError} from '../../errors.js'
import {bytes as inUnits} from '../../terminal/units.js'
import {pageBytes} from '../webassembly.js'

/** Length of the magic number and the version at the start of a module. */
const headerBytes = 8
const memorySection = 5
const flags = {hasMaximum: 1, is64: 4}

/**
 * Limits the memories that a module declares, together, by rewriting their maximum: no setting of Node.js limits them
 * for one guest. `memory.grow` then fails in the guest.
 *
 * @returns the module, unchanged if it declares no memory
 * @throws `too_large` if the module needs more from the start.
 */
export function limitMemory(module: Uint8Array, limitBytes: number): Uint8Array {
  for (let at = headerBytes; at < module.length;) {
    const id = module[at]
    const size = readLeb(module, at + 1)
    const end = size.end + Number(size.value)
    if (id === memorySection) {
      const section = limitSection(module.subarray(size.end, end), limitBytes)
      return Buffer.concat([
        module.subarray(0, at + 1),
        writeLeb(BigInt(section.length)),
        section,
        module.subarray(end),
      ])
    }
    at = end
  }
  return module
}

function limitSection(section: Uint8Array, limitBytes: number): Uint8Array {
  const count = readLeb(section, 0)
  const parts: Uint8Array[] = [writeLeb(count.value)]
  const most = BigInt(Math.floor(limitBytes / pageBytes / Math.max(1, Number(count.value))))
  let at = count.end
  for (let index = 0n; index < count.value; index++) {
    const kind = section[at] ?? 0
    const initial = readLeb(section, at + 1)
    if (initial.value > most) {
      throw new NnError(
        'too_large',
        `The guest needs ${inUnits(Number(initial.value) * pageBytes)} of memory; ${inUnits(limitBytes)} are allowed.`,
        {hint: 'Raise --memory, in MiB.'},
      )
    }
    const declared = (kind & flags.hasMaximum) === 0 ? undefined : readLeb(section, initial.end)
    const maximum = declared === undefined || declared.value > most ? most : declared.value
    parts.push(Uint8Array.of(kind | flags.hasMaximum), writeLeb(initial.value), writeLeb(maximum))
    at = (declared ?? initial).end
  }
  return Buffer.concat(parts)
}

/** An unsigned number in LEB128, and where it ends. */
function readLeb(bytes: Uint8Array, start: number): {value: bigint; end: number} {
  let value = 0n
  for (let at = start, shift = 0n; ; at++, shift += 7n) {
    const byte = bytes[at]
    if (byte === undefined || shift > 63n) throw new NnError('invalid_argument', 'The module has a broken number.')
    value |= BigInt(byte & 0x7f) << shift
    if (byte < 0x80) return {value, end: at + 1}
  }
}

function writeLeb(value: bigint): Uint8Array {
  const bytes: number[] = []
  for (let rest = value; ; rest >>= 7n) {
    const low = Number(rest & 0x7fn)
    if (rest < 0x80n) return Uint8Array.from([...bytes, low])
    bytes.push(low | 0x80)
  }
}
