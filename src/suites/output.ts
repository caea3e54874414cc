import {NnError} from '../errors.js'

/** Room for any answer of the models in reach; a caller with less says so by `buffer_bytes`. */
const roomyBytes = 1024 * 1024

/** What a call writes into a caller's buffer of that size, or of a roomy one. */
export async function readOnce(
  call: (buffer: Uint8Array) => Promise<number>,
  bufferBytes = roomyBytes,
): Promise<{text: string; bytes: number}> {
  const buffer = new Uint8Array(bufferBytes)
  const bytes = await call(buffer)
  return {text: Buffer.from(buffer.subarray(0, bytes)).toString('utf8'), bytes}
}

/** As `readOnce`, but a buffer that proves too small is replaced by one that suffices: for calls that only read. */
export async function readAll(call: (buffer: Uint8Array) => Promise<number>): Promise<{text: string; bytes: number}> {
  try {
    return await readOnce(call)
  } catch (error) {
    const needed = error instanceof NnError && error.reason === 'buffer_too_small' ? error.neededBytes : undefined
    if (needed === undefined || needed <= roomyBytes) throw error
    return readOnce(call, needed)
  }
}

/** The JSON text of a configuration or of options; text is passed on unchanged. */
export function toJsonText(value: string | Record<string, unknown>): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}
