import {createHash, randomUUID} from 'node:crypto'
import {createReadStream} from 'node:fs'
import {readFile, rename, stat, writeFile} from 'node:fs/promises'
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
