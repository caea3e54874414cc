import {mkdtemp, readFile, rm, writeFile} from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'

/** The fixture's bytes with one scalar of its metadata overwritten in place. */
export async function withMetadata(
  model: string,
  key: string,
  write: (bytes: Buffer, at: number) => void,
): Promise<Buffer> {
  const bytes = await readFile(model)
  const name = Buffer.from(key)
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(name.length))
  const at = bytes.indexOf(Buffer.concat([length, name]))
  if (at < 0) throw new Error(`${model} has no ${key}`)
  // Key, then the value's type (4 bytes), then the value.
  write(bytes, at + 8 + name.length + 4)
  return bytes
}

/** The fixture's bytes with another chat template. Trailing spaces of its name keep the tensors aligned. */
export async function withChatTemplate(model: string, template: string): Promise<Buffer> {
  const bytes = replaceText(await readFile(model), 'tokenizer.chat_template', () => template)
  const shift = (((await readFile(model)).length - bytes.length) % 32) + 32
  return replaceText(bytes, 'general.name', (name) => name + ' '.repeat(shift))
}

function replaceText(bytes: Buffer, key: string, change: (text: string) => string): Buffer {
  const at = bytes.indexOf(string(key))
  if (at < 0) throw new Error(`The model has no ${key}.`)
  // Key, then the value's type (4 bytes), its length (8 bytes), and the text.
  const start = at + 8 + Buffer.byteLength(key) + 4
  const end = start + 8 + Number(bytes.readBigUInt64LE(start))
  const text = change(bytes.toString('utf8', start + 8, end))
  return Buffer.concat([bytes.subarray(0, start), string(text), bytes.subarray(end)])
}

/** A header of our own making: version 3, no tensors, these raw metadata entries. */
export function header(entries: readonly Buffer[], {tensors = 0n, version = 3} = {}): Buffer {
  const head = Buffer.alloc(24)
  head.write('GGUF')
  head.writeUInt32LE(version, 4)
  head.writeBigUInt64LE(tensors, 8)
  head.writeBigUInt64LE(BigInt(entries.length), 16)
  return Buffer.concat([head, ...entries])
}

/** A metadata entry: key, type, raw value. */
export function entry(key: string, type: number, value: Buffer): Buffer {
  return Buffer.concat([string(key), u32(type), value])
}

export function string(text: string): Buffer {
  return Buffer.concat([u64(BigInt(Buffer.byteLength(text))), Buffer.from(text)])
}

export function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}

export function u64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(value)
  return bytes
}

/** A folder for files of one test, and how to get rid of it. */
export async function temporaryFolder(): Promise<{
  folder: string
  file: (name: string, bytes: Buffer | string) => Promise<string>
  remove: () => Promise<void>
}> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'wnn-test-'))
  return {
    folder,
    file: async (name, bytes) => {
      const full = path.join(folder, name)
      await writeFile(full, bytes)
      return full
    },
    remove: () => rm(folder, {recursive: true, force: true}),
  }
}
