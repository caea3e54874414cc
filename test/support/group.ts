import {pathToFileURL} from 'node:url'
import {setCurrentFile} from './current-file.js'

// Runs the test files that are named, one after the other, in this process: most of the time of a small file is its start.
// uvu leaves the start to the program that sets UVU_DEFER, and adds suites to the entry of UVU_QUEUE that UVU_INDEX names.
const shared = globalThis as {UVU_DEFER?: boolean; UVU_QUEUE?: unknown[][]; UVU_INDEX?: number}
shared.UVU_DEFER = true
const {exec} = (await import('uvu')) as unknown as {exec: () => Promise<void>}
for (const [index, file] of process.argv.slice(2).entries()) {
  shared.UVU_QUEUE?.push([file])
  shared.UVU_INDEX = index
  setCurrentFile(file)
  await import(pathToFileURL(file).href)
}
await exec()
