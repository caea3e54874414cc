import {open, stat, type FileHandle} from 'node:fs/promises'
import {NnError, systemReason} from '../../errors.js'
import {GgufCursor} from './cursor.js'
import {checkArchitecture, checkTensors, invalid} from './checks.js'
import type {GgufTensor} from './tensor-types.js'

/** The header of a GGUF file, before any tensor data (format: ggml, docs/gguf.md). */
export interface GgufHeader {
  path: string
  /** Size of the whole model: all files of a split one. */
  fileBytes: number
  version: number
  architecture: string
  /** Scalars by key; arrays are left out. */
  metadata: ReadonlyMap<string, string | number | bigint | boolean>
  tensors: readonly GgufTensor[]
  layers: number
  vocabularySize: number
  chatTemplate: string | undefined
}

// llama.cpp has no limits of its own; real models stay far below these.
const maxMetadata = 65_536
const maxTensors = 65_536
const maxDimensions = 4

/**
 * Reads and checks a model file's header, so that llama.cpp never sees one that makes it abort or fill the memory.
 *
 * @throws `model_not_found` when there is no such file; `invalid_argument` for what is not a usable GGUF.
 */
export async function readGgufHeader(path: string): Promise<GgufHeader> {
  const fileBytes = await checkFile(path)
  const file = await open(path, 'r').catch((error: unknown) => {
    throw new NnError('file_unusable', `${path} cannot be read: ${systemReason(error)}.`, {cause: error})
  })
  try {
    return await parse(path, fileBytes, file)
  } catch (error) {
    if (error instanceof NnError) throw error
    throw new NnError('invalid_argument', `${path}: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    })
  } finally {
    await file.close()
  }
}

async function checkFile(path: string): Promise<number> {
  const found = await stat(path).catch((error: unknown) => {
    const {code} = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw new NnError('file_unusable', `${path} cannot be read: ${systemReason(error)}.`, {cause: error})
  })
  if (found === undefined) {
    throw new NnError('model_not_found', `There is no model file ${path}.`, {hint: 'Pass the path of a .gguf file.'})
  }
  // Opening a FIFO would block a thread forever, and a directory is not a model.
  if (!found.isFile()) throw new NnError('file_unusable', `${path} is not a regular file.`)
  return found.size
}

async function parse(path: string, fileBytes: number, file: FileHandle): Promise<GgufHeader> {
  const cursor = new GgufCursor(file, fileBytes)
  const magic = await cursor.magic()
  if (magic !== 'GGUF') {
    throw new NnError(
      'invalid_model',
      `${path} is not a GGUF file: it ${fileBytes === 0 ? 'is empty' : 'does not start with GGUF'}.`,
    )
  }
  const version = await cursor.u32()
  if (version !== 2 && version !== 3) throw invalid(path, `GGUF version ${version}; versions 2 and 3 are supported`)
  const tensorCount = await cursor.count('tensors', maxTensors)
  const metadataCount = await cursor.count('metadata entries', maxMetadata)
  const metadata = new Map<string, string | number | bigint | boolean>()
  const lengths = new Map<string, number>()
  for (let i = 0; i < metadataCount; i++) {
    const key = await cursor.string()
    const value = await cursor.value()
    if (typeof value === 'object') lengths.set(key, value.length)
    else metadata.set(key, value)
  }
  const tensors: GgufTensor[] = []
  for (let i = 0; i < tensorCount; i++) tensors.push(await readTensor(cursor))
  const vocabularySize = lengths.get('tokenizer.ggml.tokens') ?? 0
  const {architecture, layers} = checkArchitecture(path, metadata, new Set(lengths.keys()))
  if (vocabularySize === 0) throw invalid(path, 'it has no vocabulary')
  checkTensors({path, fileBytes, headerBytes: cursor.position, metadata, tensors})
  const modelBytes = await totalOfSplits(path, fileBytes, Number(metadata.get('split.count') ?? 1))
  const chatTemplate = metadata.get('tokenizer.chat_template')
  return {
    ...{path, fileBytes: modelBytes, version, architecture, metadata, tensors, layers},
    vocabularySize,
    chatTemplate: typeof chatTemplate === 'string' ? chatTemplate : undefined,
  }
}

async function readTensor(cursor: GgufCursor): Promise<GgufTensor> {
  const name = await cursor.string()
  const rank = await cursor.u32()
  if (rank < 1 || rank > maxDimensions) throw new Error(`tensor ${name} has ${rank} dimensions; 1 to 4 are allowed`)
  const dimensions: number[] = []
  for (let i = 0; i < rank; i++) dimensions.push(await cursor.size(`dimension ${i} of ${name}`))
  return {name, dimensions, type: await cursor.u32(), offset: await cursor.size(`offset of ${name}`)}
}

/** Bytes of all files of a split model, named `<name>-00001-of-00003.gguf`; llama.cpp finds the others by that name. */
async function totalOfSplits(path: string, fileBytes: number, count: number): Promise<number> {
  const [, stem, , total] = /^(.*)-(\d{5})-of-(\d{5})\.gguf$/.exec(path) ?? []
  if (count <= 1) return fileBytes
  if (stem === undefined || total === undefined) {
    throw invalid(
      path,
      `it is one of ${count} files of a split model, but not named -00001-of-${String(count).padStart(5, '0')}.gguf`,
    )
  }
  const names = Array.from({length: count}, (_, i) => `${stem}-${String(i + 1).padStart(5, '0')}-of-${total}.gguf`)
  const sizes = await Promise.all(names.map(checkFile))
  return sizes.reduce((sum, size) => sum + size, 0)
}
