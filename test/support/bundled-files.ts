import {existsSync} from 'node:fs'
import path from 'node:path'
import * as assert from 'uvu/assert'
import {bundle} from '../../scripts/bundle.js'

const root = path.join(import.meta.dirname, '../..')

/** The files of the build, below the repository, in which each of these packages or sources is. */
export async function filesWith(inputs: readonly string[]): Promise<string[]> {
  // Names of chunks come from their contents: those of the same sources are those of the build.
  const {outputs} = await bundle({write: false})
  const files = inputs.flatMap((input) => {
    const found = Object.entries(outputs).filter(([, output]) =>
      Object.keys(output.inputs).some((of) => of.includes(input)),
    )
    assert.ok(found.length > 0, `${input} is in no file`)
    return found.map(([file]) => file)
  })
  for (const file of files)
    assert.ok(existsSync(path.join(root, file)), `${file} is missing: the build is not of these sources`)
  return [...new Set(files)]
}

/** The files that are read when this file of the build is imported, itself included. */
export async function filesOf(entry: string): Promise<string[]> {
  const {outputs} = await bundle({write: false})
  const files = new Set([entry])
  for (const file of files) {
    for (const {path: imported, kind, external} of outputs[file]?.imports ?? []) {
      if (kind === 'import-statement' && external !== true) files.add(imported)
    }
  }
  return [...files]
}
