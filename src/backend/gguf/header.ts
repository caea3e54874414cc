import type {Stats} from 'node:fs'
import {open, stat, type FileHandle} from 'node:fs/promises'
import {NnError, systemReason} from '../../errors.js'
import {firstPart, partsOf} from '../../system/split-files.js'
import {GgufCursor} from './cursor.js'
import {checkArchitecture} from './checks/architecture.js'
import {checkLayers} from './checks/layers.js'
import {invalid, shownName, type Metadata} from './checks/metadata.js'
import {checkTensors} from './checks/tensors.js'
import {VocabularyCheck} from './checks/vocabulary.js'
import type {GgufTensor} from './tensor-types.js'

/** The header of a model: of its GGUF file, or of all files of a split one (format: ggml, docs/gguf.md). */
export interface GgufHeader {
  /** The file by which llama.cpp loads it: of a split model, the first. */
  path: string
  /** All its files, the first one first. */
  files: readonly string[]
  /** Size of all files together. */
  fileBytes: number
  version: number
  architecture: string
  /** Scalars by key; arrays are left out. */
  metadata: Metadata
  /** The tensors of all files. */
  tensors: readonly GgufTensor[]
  layers: number
  vocabularySize: number
  chatTemplate: string | undefined
}

/** One file as it is: not yet known whether llama.cpp can use it. */
interface GgufFile {
  path: string
  fileBytes: number
  headerBytes: number
  version: number
  metadata: Metadata
  /** Lengths of arrays by key. */
  lengths: ReadonlyMap<string, number>
  tensors: readonly GgufTensor[]
}

// llama.cpp has no limits of its own; real models stay far below these.
const maxMetadata = 65_536
const maxTensors = 65_536
const maxDimensions = 4

const vocabularyKey = 'tokenizer.ggml.tokens'

/**
 * Reads and checks a model's header, so that llama.cpp never sees one that makes it abort or fill the memory. Any part of a
 * split model stands for the whole model.
 *
 * @throws `model_not_found` when there is no such file; `invalid_model` for what is not a usable GGUF.
 */
export async function readGgufHeader(path: string): Promise<GgufHeader> {
  const file = await readFile(path)
  const number = splitNumber(file, 'split.no')
  if (number > 0) return readFromFirst(file, number)
  const {metadata, lengths, version, tensors} = file
  const vocabularySize = lengths.get(vocabularyKey) ?? 0
  const {architecture, layers} = checkArchitecture(path, metadata, new Set(lengths.keys()))
  if (vocabularySize === 0) throw invalid(path, 'it has no vocabulary')
  checkTensors(file)
  const others = await readOtherParts(file)
  const allTensors = [...tensors, ...others.flatMap((other) => other.tensors)]
  checkLayers(path, architecture, layers, allTensors)
  const chatTemplate = metadata.get('tokenizer.chat_template')
  return {
    ...{path, files: [path, ...others.map((other) => other.path)], version, architecture, metadata, layers},
    fileBytes: others.reduce((sum, other) => sum + other.fileBytes, file.fileBytes),
    tensors: allTensors,
    vocabularySize,
    chatTemplate: typeof chatTemplate === 'string' ? chatTemplate : undefined,
  }
}

function splitNumber({metadata}: GgufFile, key: 'split.no' | 'split.count' | 'split.tensors.count'): number {
  return Number(metadata.get(key) ?? 0)
}

/** llama.cpp finds the parts by their names. */
const renamed = 'Give all parts the names that they had, in one folder: model-00001-of-00002.gguf and so on.'

/** llama.cpp loads a split model by its first file alone. */
async function readFromFirst(file: GgufFile, number: number): Promise<GgufHeader> {
  const first = firstPart(file.path)
  const which = `it is part ${number + 1} of ${splitNumber(file, 'split.count')} of a split model`
  if (first === file.path) throw invalid(file.path, `${which}, but its name is not that of one`, renamed)
  if ((await findFile(first)) === undefined) {
    throw new NnError('model_not_found', `${file.path} cannot be loaded: ${which}, and the first part is missing.`, {
      hint: `Put all parts into one folder. ${first} does not exist.`,
    })
  }
  return readGgufHeader(first)
}

/** The other files of a split model. Each has its own header, with tensors of its own. */
async function readOtherParts(first: GgufFile): Promise<GgufFile[]> {
  const count = splitNumber(first, 'split.count')
  if (count <= 1) return []
  const names = partsOf(first.path)
  if (names.length !== count || names[0] !== first.path) {
    throw invalid(
      first.path,
      `it is one of ${count} files of a split model, but not named -00001-of-${String(count).padStart(5, '0')}.gguf`,
      renamed,
    )
  }
  const others: GgufFile[] = []
  for (const [index, name] of names.slice(1).entries()) others.push(await readOtherPart(name, index + 1, first))
  const tensors = [first, ...others].reduce((sum, part) => sum + part.tensors.length, 0)
  const expected = splitNumber(first, 'split.tensors.count')
  if (tensors !== expected) {
    throw invalid(first.path, `its ${count} files have ${tensors} tensors together; the first one says ${expected}`)
  }
  return others
}

async function readOtherPart(path: string, number: number, first: GgufFile): Promise<GgufFile> {
  const count = splitNumber(first, 'split.count')
  if ((await findFile(path)) === undefined) {
    throw new NnError('model_not_found', `${first.path} is the first of ${count} files, and ${path} is missing.`, {
      hint: 'Put all parts into one folder.',
    })
  }
  const part = await readFile(path)
  if (splitNumber(part, 'split.no') !== number || splitNumber(part, 'split.count') !== count) {
    throw invalid(path, `it is not part ${number + 1} of ${count} of a split model, as its name says`)
  }
  checkTensors(part)
  return part
}

async function readFile(path: string): Promise<GgufFile> {
  const fileBytes = await checkFile(path)
  const file = await open(path, 'r').catch((error: unknown) => {
    throw new NnError('file_unusable', `${path} cannot be read: ${systemReason(error)}.`, {cause: error})
  })
  try {
    return await parse(path, fileBytes, file)
  } catch (error) {
    if (error instanceof NnError) throw error
    throw new NnError('invalid_model', `${path}: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    })
  } finally {
    await file.close()
  }
}

/** Its size in bytes. */
async function checkFile(path: string): Promise<number> {
  const found = await findFile(path)
  if (found === undefined) {
    throw new NnError('model_not_found', `There is no model file ${path}.`, {hint: 'Pass the path of a .gguf file.'})
  }
  // Opening a FIFO would block a thread forever, and a directory is not a model.
  if (!found.isFile()) throw new NnError('file_unusable', `${path} is not a regular file.`)
  return found.size
}

/** `undefined` if it does not exist. */
function findFile(path: string): Promise<Stats | undefined> {
  return stat(path).catch((error: unknown) => {
    const {code} = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw new NnError('file_unusable', `${path} cannot be read: ${systemReason(error)}.`, {cause: error})
  })
}

async function parse(path: string, fileBytes: number, file: FileHandle): Promise<GgufFile> {
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
  const vocabulary = new VocabularyCheck()
  for (let i = 0; i < metadataCount; i++) {
    const key = await cursor.string()
    const isVocabulary = key === vocabularyKey
    const value = isVocabulary ? await cursor.texts((bytes) => vocabulary.add(bytes)) : await cursor.value()
    if (typeof value === 'object') lengths.set(key, value.length)
    else if (value !== undefined) metadata.set(key, value)
  }
  if (vocabulary.fault !== undefined) throw invalid(path, vocabulary.fault)
  const tensors: GgufTensor[] = []
  for (let i = 0; i < tensorCount; i++) tensors.push(await readTensor(cursor))
  return {path, fileBytes, headerBytes: cursor.position, version, metadata, lengths, tensors}
}

async function readTensor(cursor: GgufCursor): Promise<GgufTensor> {
  const name = await cursor.string()
  const rank = await cursor.u32()
  if (rank < 1 || rank > maxDimensions)
    throw new Error(`tensor ${shownName(name)} has ${rank} dimensions; 1 to 4 are allowed`)
  const dimensions: number[] = []
  for (let i = 0; i < rank; i++) dimensions.push(await cursor.size(`dimension ${i} of ${shownName(name)}`))
  return {name, dimensions, type: await cursor.u32(), offset: await cursor.size(`offset of ${shownName(name)}`)}
}
