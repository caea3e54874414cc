import {NnError} from '../../../errors.js'
import {asInteger, invalid, shownName, type Metadata} from './metadata.js'
import {findType, tensorBytes, type GgufTensor} from '../tensor-types.js'

const maxAlignment = 1 << 20
/** llama.cpp asserts it of the weights that it maps (`TENSOR_ALIGNMENT` in ggml-backend.cpp). */
const mappedAlignment = 32

/** Whole numbers, f64, and the types that llama.cpp has for activations only: it has no kernels for such weights. */
const withoutKernels = ['i8', 'i16', 'i32', 'i64', 'f64', 'q8_1', 'q8_k']
/** Tables of numbers, which are no weights. */
const tables = /tid2eid/

interface TensorFile {
  path: string
  fileBytes: number
  headerBytes: number
  metadata: Metadata
  tensors: readonly GgufTensor[]
}

/** @throws `invalid_model` when a tensor's data would lie outside the file, or llama.cpp cannot compute with its type. */
export function checkTensors(file: TensorFile): void {
  const {path, fileBytes, metadata, tensors} = file
  const isSplit = Number(metadata.get('split.count') ?? 1) > 1
  if (tensors.length === 0 && !isSplit) throw invalid(path, 'it has no tensors')
  const dataStart = findDataStart(file)
  for (const tensor of tensors) {
    const {name, dimensions, type, offset} = tensor
    if (dimensions.some((size) => size < 1)) {
      throw invalid(path, `tensor ${shownName(name)} has the dimensions ${dimensions.join(' x ')}`)
    }
    checkType(path, tensor)
    if ((dataStart + offset) % mappedAlignment !== 0) {
      const where = `begins at byte ${dataStart + offset}, which is not a multiple of ${mappedAlignment}`
      throw invalid(path, `tensor ${shownName(name)} ${where}`)
    }
    const elements = dimensions.reduce((product, size) => product * size, 1)
    const end = dataStart + offset + (tensorBytes(type, elements) ?? 0)
    if (end > fileBytes) {
      throw new NnError(
        'invalid_model',
        `${path} is truncated: tensor ${shownName(name)} ends at byte ${end}, but the file has ${fileBytes} bytes.`,
        {hint: 'The download may be incomplete. Download the file again.'},
      )
    }
  }
}

function findDataStart({path, headerBytes, metadata}: TensorFile): number {
  const alignment = asInteger(metadata.get('general.alignment')) ?? 32
  const isPower = alignment > 0 && Number.isInteger(Math.log2(alignment))
  if (!isPower || alignment > maxAlignment) {
    throw invalid(path, `general.alignment is ${alignment}; it must be a power of 2 up to ${maxAlignment}`)
  }
  return Math.ceil(headerBytes / alignment) * alignment
}

/** Norms and biases. */
const addedOrScaled = /(?:norm(?:_\w+)?\.weight|\.bias)$/

function checkType(path: string, {name, dimensions: [row = 1, ...others], type}: GgufTensor): void {
  const found = findType(type)
  // llama.cpp says itself that it does not know a type; a new one is newer than the table here.
  if (found === undefined) return
  if (row % found.blockSize !== 0) {
    const what = `has ${row} elements in a row, which ${found.name} cannot hold: its blocks have ${found.blockSize}`
    throw invalid(path, `tensor ${shownName(name)} ${what}`)
  }
  if (tables.test(name)) return
  if (withoutKernels.includes(found.name)) {
    throw invalid(path, `tensor ${shownName(name)} has the type ${found.name}, with which llama.cpp cannot compute`)
  }
  // llama.cpp adds and multiplies these in f32 only. Others with one dimension may be matrices of one row.
  if (addedOrScaled.test(name) && others.every((size) => size === 1) && found.name !== 'f32') {
    throw invalid(path, `tensor ${shownName(name)} has one dimension and the type ${found.name}; it must be f32`)
  }
}
