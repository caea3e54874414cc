import {NnError} from '../../errors.js'
import type {Tensor} from './types.js'
import {plural} from '../../terminal/units.js'

/** A text as a tensor for input 0. */
export function textTensor(text: string): Tensor {
  const data = new TextEncoder().encode(text)
  return {dimensions: [data.length], type: 'u8', data}
}

/** The text of a tensor. @throws `invalid_argument` if the data is not UTF-8 or does not match the dimensions. */
export function readTextTensor({dimensions, type, data}: Tensor): string {
  if (type !== 'u8')
    throw new NnError('invalid_argument', `The tensor type is ${type}; text must be u8 bytes in UTF-8.`)
  const elements = dimensions.reduce((product, size) => product * size, 1)
  // Existing guests send [1] for data of any length.
  const saysNothing = dimensions.length === 1 && dimensions[0] === 1
  if (dimensions.length === 0 || (elements !== data.length && !saysNothing)) {
    throw new NnError(
      'invalid_argument',
      `The tensor has ${plural(elements, 'element')} by its dimensions [${dimensions.join(', ')}], but ${plural(data.length, 'byte')} of data.`,
    )
  }
  return readUtf8(data)
}

/** @throws `invalid_argument` for bytes that are not UTF-8. */
export function readUtf8(data: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', {fatal: true, ignoreBOM: true}).decode(data)
  } catch (error) {
    throw new NnError('invalid_argument', 'The bytes are not UTF-8 text.', {cause: error})
  }
}

/** Copies text into the caller's buffer. @throws `too_large` with the needed size; nothing is copied then. */
export function writeText(text: string, buffer: Uint8Array): number {
  const bytes = Buffer.from(text, 'utf8')
  if (bytes.length > buffer.length) {
    throw new NnError(
      'buffer_too_small',
      `The buffer has ${plural(buffer.length, 'byte')}, but the output needs ${bytes.length}.`,
      {
        neededBytes: bytes.length,
      },
    )
  }
  buffer.set(bytes)
  return bytes.length
}
