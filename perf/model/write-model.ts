import {mkdir, open, rename, rm, stat} from 'node:fs/promises'
import path from 'node:path'
import {fileURLToPath} from 'node:url'
import {encodeHeader, padded} from './header.js'
import {elements, shapes, tensorsOf, typeOf, type ShapeName} from './shapes.js'
import {tensorData} from './weights.js'

const cache = fileURLToPath(new URL('../.models/', import.meta.url))
export const defaultSeed = 1

/** The size of the whole file in bytes, without writing it. */
export function modelBytes(name: ShapeName): number {
  const shape = shapes[name]
  return tensorsOf(shape).reduce((sum, tensor) => {
    const {blockSize, blockBytes} = typeOf(tensor)
    return sum + padded((elements(tensor) / blockSize) * blockBytes)
  }, encodeHeader(shape).length)
}

/** Writes the model as a stream, so memory does not grow with its size. The file appears when it is complete. */
export async function writeModel(name: ShapeName, output: string, seed = defaultSeed): Promise<void> {
  const shape = shapes[name]
  await mkdir(path.dirname(output), {recursive: true})
  const partial = `${output}.${process.pid}.part`
  try {
    const file = await open(partial, 'w')
    try {
      await file.writeFile(encodeHeader(shape))
      for (const [index, tensor] of tensorsOf(shape).entries()) {
        for (const piece of tensorData(tensor, seed * 65_536 + index)) await file.writeFile(piece)
      }
    } finally {
      await file.close()
    }
    await rename(partial, output)
  } finally {
    await rm(partial, {force: true})
  }
}

/** The path of the model in `perf/.models`. Writes it if it is not there. */
export async function cachedModel(name: ShapeName, seed = defaultSeed): Promise<string> {
  const file = path.join(cache, `${name}-${shapes[name].quantization}-${seed}.gguf`)
  const found = await stat(file).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    return undefined
  })
  // A file of another size is from an earlier version of this program.
  if (found?.size !== modelBytes(name)) await writeModel(name, file, seed)
  return file
}
