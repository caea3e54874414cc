import {createReadStream} from 'node:fs'
import {open, readdir, readFile, rename, rm, stat, writeFile, type FileHandle} from 'node:fs/promises'
import path from 'node:path'
import {crc32} from 'node:zlib'
import {createValidator, Type, type Static} from '../../documents/index.js'
import {toNnError} from '../../errors.js'

/**
 * A saved cache is two files: `<id>.kv`, the state of a sequence as llama.cpp writes it, and `<id>.json`, its
 * description. The description is written last and renamed into place, so a cache without one was not saved completely.
 */
const description = Type.Object(
  {
    version: Type.Literal(1),
    tokens: Type.Integer({minimum: 1}),
    bytes: Type.Integer({minimum: 1}),
    /** CRC-32 of the `.kv` file; `null` in a folder that goes with its process. */
    checksum: Type.Union([Type.Integer({minimum: 0}), Type.Null()]),
    session: Type.Union([Type.String(), Type.Null()]),
    line: Type.String(),
    /** Milliseconds since 1970. */
    saved_at: Type.Number(),
  },
  {additionalProperties: false},
)
type Description = Static<typeof description>
const isDescription = createValidator(description)

/** llama.cpp's header: magic "ggsq", version, number of tokens; then the tokens, 4 bytes each. */
const magic = 0x67677371
const headerBytes = 12
/** A context has a stream for each slot. */
const mostStreams = 4096
/** A cell has at least its position, the number of its sequences and one of these. */
const cellBytes = 12

/** How long a cache may be without its description, in milliseconds. */
const youngMs = 60_000

export interface StateFile {
  id: string
  file: string
  tokens: Uint32Array
  bytes: number
  checksum: number | null | undefined
  session: string | null
  line: string
  /** Milliseconds since 1970. */
  savedAt: number
}

/** Writes the description of a saved cache next to it. @param withChecksum for a folder that outlives the process */
export async function describeState(
  {file, tokens, bytes, session, line}: Pick<StateFile, 'file' | 'bytes' | 'session' | 'line'> & {tokens: number},
  withChecksum: boolean,
): Promise<void> {
  const checksum = withChecksum ? await checksumOf(file) : null
  const text: Description = {version: 1, tokens, bytes, checksum, session, line, saved_at: Date.now()}
  const target = descriptionOf(file)
  await writeFile(`${target}.tmp`, JSON.stringify(text), {mode: 0o600})
  await rename(`${target}.tmp`, target)
  // The cache may have been removed in the meantime; do not describe a missing file.
  if (!(await exists(file))) await rm(target, {force: true})
}

function descriptionOf(file: string): string {
  return file.replace(/\.kv$/, '.json')
}

/** Removes a saved cache. The description is removed last; see `describeState`. */
export async function removeState(file: string): Promise<void> {
  await rm(file, {force: true})
  await rm(descriptionOf(file), {force: true})
}

async function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    (error: unknown) => {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
      throw error
    },
  )
}

export interface FindOptions {
  /** Called for a cache that is not used, with the reason. */
  tell: (message: string) => void
  /** Caches to skip. */
  isKnown?: (id: string) => boolean
  now?: number
}

/**
 * The saved caches of a folder, the oldest first. Incomplete, damaged or incompatible caches are reported and removed.
 * A cache without a description is left alone for a minute: another engine of the same model may be writing it.
 */
export async function findStates(
  folder: string,
  {tell, isKnown = () => false, now = Date.now()}: FindOptions,
): Promise<StateFile[]> {
  const names = await readdir(folder).catch((error: unknown): string[] => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  })
  const found: StateFile[] = []
  const ids = new Set(names.flatMap((name) => /^(.+)\.(?:kv|json|json\.tmp)$/.exec(name)?.[1] ?? []))
  for (const id of ids) {
    if (isKnown(id) || (!names.includes(`${id}.json`) && (await isYoung(folder, id, now)))) continue
    try {
      found.push(await readState(folder, id))
    } catch (error) {
      tell(`The saved cache ${path.join(folder, `${id}.kv`)} is not used and was removed: ${toNnError(error).message}`)
      for (const ending of ['kv', 'json.tmp', 'json']) {
        await rm(path.join(folder, `${id}.${ending}`), {recursive: true, force: true})
      }
    }
  }
  return found.sort((a, b) => a.savedAt - b.savedAt)
}

async function isYoung(folder: string, id: string, now: number): Promise<boolean> {
  const times = await Promise.all(
    ['kv', 'json.tmp'].map((ending) =>
      stat(path.join(folder, `${id}.${ending}`)).then(
        ({mtimeMs}) => mtimeMs,
        () => -Infinity,
      ),
    ),
  )
  return now - Math.max(...times) < youngMs
}

async function readState(folder: string, id: string): Promise<StateFile> {
  const file = path.join(folder, `${id}.kv`)
  if (!(await exists(descriptionOf(file)))) throw new Error('it was not saved completely: it has no description')
  const value: unknown = JSON.parse(await readFile(descriptionOf(file), 'utf8'))
  if (!isDescription(value)) throw new Error('its description is damaged or has another version')
  const {tokens: count, bytes, checksum, session, line, saved_at: savedAt} = value as Description
  const {size} = await stat(file)
  if (size !== bytes) throw new Error(`it has ${size} bytes instead of ${bytes}`)
  return {id, file, tokens: await readTokens(file, count, bytes), bytes, checksum, session, line, savedAt}
}

async function readTokens(file: string, count: number, bytes: number): Promise<Uint32Array> {
  const end = headerBytes + 4 * count
  if (end > bytes) throw new Error(`its ${bytes} bytes are too few for ${count} tokens`)
  await using handle = await open(file)
  const head = Buffer.alloc(end)
  const {bytesRead} = await handle.read(head, 0, head.length, 0)
  const isState = bytesRead === head.length && head.readUInt32LE(0) === magic && head.readUInt32LE(8) === count
  if (!isState) throw new Error(`it does not start with ${count} tokens`)
  await checkCells(handle, end, {count, bytes})
  return Uint32Array.from({length: count}, (_, index) => head.readUInt32LE(headerBytes + 4 * index))
}

/**
 * llama.cpp allocates room for as many cells as the file says it has, tens of gigabytes for a wrong number. After the
 * tokens come the number of streams, and for each stream its number of cells, up to the first that has any.
 */
async function checkCells(
  handle: FileHandle,
  from: number,
  {count: tokens, bytes}: {count: number; bytes: number},
): Promise<void> {
  const {buffer, bytesRead} = await handle.read(Buffer.alloc(4 * (1 + mostStreams)), 0, undefined, from)
  const numbers = new Uint32Array(buffer.buffer, buffer.byteOffset, Math.floor(bytesRead / 4))
  const [streams = 0, ...cells] = numbers
  const first = cells.slice(0, streams).find((count) => count > 0) ?? 0
  // A model without a cache of cells has other numbers there, no larger than that of the tokens.
  if (streams > mostStreams || (first > tokens && first * cellBytes > bytes)) {
    throw new Error(`its ${bytes} bytes are too few for ${streams} streams and ${first} cells`)
  }
}

/** Whether a file is unchanged since it was saved. */
export async function isIntact({
  file,
  bytes,
  checksum,
}: Pick<StateFile, 'file' | 'bytes' | 'checksum'>): Promise<boolean> {
  if ((await stat(file)).size !== bytes) return false
  return checksum == null || (await checksumOf(file)) === checksum
}

async function checksumOf(file: string): Promise<number> {
  let checksum = 0
  for await (const bytes of createReadStream(file, {highWaterMark: 1 << 20}) as AsyncIterable<Buffer>) {
    checksum = crc32(bytes, checksum)
  }
  return checksum
}
