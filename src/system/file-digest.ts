import {createHash, randomUUID} from 'node:crypto'
import {createReadStream} from 'node:fs'
import {readFile, rename, stat, writeFile} from 'node:fs/promises'
import path from 'node:path'
import {pipeline} from 'node:stream/promises'
import {makeFolder} from './make-folder.js'

/** Files whose checksums are remembered. */
const mostDigests = 100

/** SHA-256 of a file, in hexadecimal digits. Takes about half a second for each GB. */
export async function fileDigest(file: string, signal?: AbortSignal): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(file, {highWaterMark: 1 << 20}), hash, {...(signal && {signal})})
  return hash.digest('hex')
}

/** The same as long as a file is not replaced and nothing is written to it: any change moves the time of its status (`ctime`). */
export async function fileIdentity(file: string): Promise<string> {
  const {dev, ino, size, mtimeNs, ctimeNs} = await stat(file, {bigint: true})
  return [dev, ino, size, mtimeNs, ctimeNs].join('-')
}

/**
 * SHA-256 of a file that is computed once and remembered in a folder for as long as the file is the same. A list of
 * checksums that cannot be read is replaced.
 */
export async function rememberedDigest(file: string, folder: string): Promise<string> {
  const identity = await fileIdentity(file)
  const list = path.join(folder, 'digests.json')
  const known = await readDigests(list)
  const before = known.get(identity)
  if (before !== undefined) return before
  const digest = await fileDigest(file)
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
