import {padded} from './header.js'
import {elements, typeOf, type Tensor} from './shapes.js'

/** A multiple of four, so that whole random words fill whole blocks. */
const blocksPerChunk = 16_384
/** The number of different scales. Blocks of trained weights differ about as much. */
const scaleCount = 64

/** Standard deviation of a block's random integers before its scale: 256 and 16 evenly spread values. */
const integerDeviation = {q8_0: 73.9, q4_0: 4.61}

/**
 * A tensor's data in pieces, including padding; the same for the same seed. The pieces share one buffer, so each must
 * be written before the next one is taken.
 */
export function* tensorData(tensor: Tensor, seed: number): Generator<Buffer> {
  if (tensor.type === 'f32') {
    yield floats(elements(tensor), tensor.deviation, seed)
    return
  }
  const {blockSize, blockBytes} = typeOf(tensor)
  const blocks = elements(tensor) / blockSize
  const bytes = new Uint8Array(Math.min(blocks + 3, blocksPerChunk) * blockBytes)
  const words = new Uint32Array(bytes.buffer, 0, bytes.length >> 2)
  const scales = makeScales(tensor.deviation / integerDeviation[tensor.type])
  const random = new Xorshift(seed)
  for (let done = 0; done < blocks; done += blocksPerChunk) {
    const count = Math.min(blocks - done, blocksPerChunk)
    random.fill(words)
    for (let block = 0; block < count; block++) {
      const at = block * blockBytes
      // The random bits in the place of the scale choose it.
      const scale = scales[(bytes[at] ?? 0) % scales.length] ?? 0
      bytes[at] = scale & 0xff
      bytes[at + 1] = scale >> 8
    }
    yield Buffer.from(bytes.buffer, 0, count * blockBytes)
  }
  const size = blocks * blockBytes
  if (padded(size) > size) yield Buffer.alloc(padded(size) - size)
}

/** Ones, or evenly spread numbers with this standard deviation. */
function floats(count: number, deviation: number, seed: number): Buffer {
  const buffer = Buffer.alloc(padded(count * 4))
  const random = new Xorshift(seed)
  for (let i = 0; i < count; i++) {
    const value = deviation === 0 ? 1 : (random.next() / 2 ** 32 - 0.5) * Math.sqrt(12) * deviation
    buffer.writeFloatLE(value, i * 4)
  }
  return buffer
}

/**
 * Scales around `middle` as half-precision floats. Every other one is negative: the integers' mean is -0.5, and would
 * otherwise add up to one direction that all activations share.
 */
function makeScales(middle: number): number[] {
  return Array.from({length: scaleCount}, (_, index) => {
    const sign = index % 2 === 0 ? 0 : 0x8000
    return sign | half(middle * (0.75 + (0.5 * index) / scaleCount))
  })
}

/** A half-precision float's bits, for a positive number in its normal range. */
function half(value: number): number {
  const exponent = Math.floor(Math.log2(value))
  if (exponent < -14 || exponent > 15) throw new Error(`${value} is not a normal half-precision number.`)
  // A fraction that rounds up to 1 carries into the exponent, which gives the right number.
  return ((exponent + 15) << 10) + Math.round((value / 2 ** exponent - 1) * 1024)
}

/** Marsaglia's 32-bit xorshift: fast, and good enough for random weights. */
class Xorshift {
  private state: number

  constructor(seed: number) {
    // Nearby seeds must not give similar streams, and zero would give only zeros.
    this.state = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) | 1
    for (let i = 0; i < 8; i++) this.next()
  }

  next(): number {
    let x = this.state
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    this.state = x
    return x >>> 0
  }

  fill(words: Uint32Array): void {
    for (let i = 0; i < words.length; i++) words[i] = this.next()
  }
}
