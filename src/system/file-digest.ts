import {createHash, randomUUID, type Hash} from 'node:crypto'
import {createReadStream} from 'node:fs'
import {open, readFile, rename, stat, writeFile} from 'node:fs/promises'
import path from 'node:path'
import {pipeline} from 'node:stream/promises'
import {makeFolder} from './make-folder.js'

/** Contents whose checksums are remembered. */
const mostDigests = 100

/**
 * SHA-256 of files one after another, in hexadecimal digits: of a single file what `sha256sum` prints. Takes about half a
 * second for each GB.
 */
export async function contentDigest(files: readonly string[], signal?: AbortSignal): Promise<string> {
  const hash = createHash('sha256')
  const update = async (chunks: AsyncIterable<Buffer>): Promise<void> => {
    for await (const chunk of chunks) hash.update(chunk)
  }
  for (const file of files) {
    await pipeline(createReadStream(file, {highWaterMark: 1 << 20}), update, {...(signal && {signal})})
  }
  return hash.digest('hex')
}

/** Bytes at both ends of a file that are a part of its sample: the header of a model is at the start. */
const endBytes = 1 << 20
/** Pieces between the ends. */
const pieces = 16
const pieceBytes = 1 << 16

/**
 * SHA-256 of the sizes of files and of parts of them: both ends, and pieces at equal distances. Takes milliseconds for
 * files of any size. Models that differ in their weights differ in their samples; a change of a few bytes may not show.
 */
export async function contentSample(files: readonly string[]): Promise<string> {
  const hash = createHash('sha256')
  for (const file of files) await hashSample(file, hash)
  return hash.digest('hex')
}

async function hashSample(file: string, hash: Hash): Promise<void> {
  await hashParts(file, hash, (size) => {
    hash.update(`${size}\n`)
    const between = Array.from({length: pieces}, (_, index) => Math.floor(((index + 1) * size) / (pieces + 1)))
    return [[0, endBytes], ...between.map((at): Part => [at, pieceBytes]), [Math.max(0, size - endBytes), endBytes]]
  })
}

/** A part of a file: where it begins, and its bytes. */
export type Part = [at: number, bytes: number]

/** Adds parts of a file to a hash. Throws system errors. @param partsOf chooses them by the size of the file */
export async function hashParts(file: string, hash: Hash, partsOf: (size: number) => Part[]): Promise<void> {
  const handle = await open(file)
  try {
    const {size} = await handle.stat()
    for (const [at, bytes] of partsOf(size)) {
      const {buffer, bytesRead} = await handle.read(Buffer.alloc(Math.min(bytes, size)), 0, null, at)
      hash.update(buffer.subarray(0, bytesRead))
    }
  } finally {
    await handle.close()
  }
}

/**
 * The same as long as none of the files is replaced and nothing is written to them: any change moves the time of a file's
 * status (`ctime`).
 */
export async function contentIdentity(files: readonly string[]): Promise<string> {
  const identities = files.map(async (file) => {
    const {dev, ino, size, mtimeNs, ctimeNs} = await stat(file, {bigint: true})
    return [dev, ino, size, mtimeNs, ctimeNs].join('-')
  })
  return (await Promise.all(identities)).join('+')
}

/**
 * SHA-256 of files that is computed once and remembered in a folder for as long as the files are the same. A list of
 * checksums that cannot be read is replaced.
 */
export async function rememberedDigest(files: readonly string[], folder: string): Promise<string> {
  const identity = await contentIdentity(files)
  const list = path.join(folder, 'digests.json')
  const known = await readDigests(list)
  const before = known.get(identity)
  if (before !== undefined) return before
  const digest = await contentDigest(files)
  const entries = [...known, [identity, digest] as const].slice(-mostDigests)
  makeFolder(folder, 0o700)
  // Two models may be loaded at the same time.
  const written = `${list}.${randomUUID()}.tmp`
  await writeFile(written, JSON.stringify(Object.fromEntries(entries)), {mode: 0o600})
  await rename(written, list)
  return digest
}

async function readDigests(list: string): Promise<Map<string, string>> {
  try {
    const value: unknown = JSON.parse(await readFile(list, 'utf8'))
    if (typeof value !== 'object' || value === null) return new Map()
    return new Map(Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string'))
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return new Map()
    throw error
  }
}
