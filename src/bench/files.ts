import {existsSync} from 'node:fs'
import {mkdir, open, rm, writeFile} from 'node:fs/promises'
import path from 'node:path'
import {NnError, systemReason} from '../errors.js'
import {rejectNamedPipe} from '../system/named-pipe.js'
import {readBounded} from '../system/read-file.js'
import {decodeText, parseText, renderProblem, validateDocument} from '../documents/index.js'
import {formats, renderResult, type Format} from './render/index.js'
import {checkResult, type BenchResult} from './result.js'

/** A file to write a result to. */
export interface OutputFile {
  file: string
  format: Format
}

/** Other file name extensions. */
const alike: Readonly<Record<string, Format>> = {markdown: 'md', htm: 'html'}

/** The file with the runs of a folder, one JSON object per line, the oldest first. */
const historyFile = 'history.jsonl'

/** A long run with its raw samples has some 20 MiB. */
const mostResultBytes = 1 << 28

/**
 * The format by the file's name. Checks before the run that the file can be written.
 *
 * @throws `invalid_argument`
 */
export async function checkOutput(file: string, format: Format | undefined): Promise<OutputFile> {
  const meant = format ?? formatOf(file)
  if (meant === undefined) {
    throw new NnError('invalid_argument', `--output ${file}: the file name does not show the format.`, {
      hint: `Use a name that ends in .${formats.join(', .')}, or set --format.`,
    })
  }
  await checkWritable(`--output ${file}`, file)
  return {file, format: meant}
}

function formatOf(file: string): Format | undefined {
  const extension = path.extname(file).slice(1).toLowerCase()
  return formats.find((one) => one === (alike[extension] ?? extension))
}

/** @throws `invalid_argument` */
export async function checkHistory(folder: string): Promise<void> {
  const what = `--history ${folder}`
  await writable(what, () => mkdir(folder, {recursive: true}))
  await checkWritable(what, path.join(folder, historyFile))
}

/** Creates no file, because a run that measures nothing has no result. */
async function checkWritable(what: string, file: string): Promise<void> {
  const isNew = !existsSync(file)
  await writable(what, async () => {
    rejectNamedPipe(what, file)
    await (await open(file, 'a')).close()
  })
  if (isNew) await rm(file, {force: true})
}

/** @throws `runtime_error` if the disk is full or the file can no longer be written */
export async function writeResult(result: BenchResult, {file, format}: OutputFile): Promise<void> {
  const text = await renderResult(result, format)
  await writable(`--output ${file}`, () => writeFile(file, text), 'runtime_error')
}

/** Writes runs, the oldest first, as an HTML page. @throws `invalid_argument` */
export async function writeReport(results: readonly BenchResult[], file: string): Promise<void> {
  if (formatOf(file) !== 'html') {
    throw new NnError('invalid_argument', `--output ${file}: a history report is always HTML.`, {
      hint: 'Use a name that ends in .html.',
    })
  }
  const {renderReport} = await import('./report/index.js')
  await checkWritable(`--output ${file}`, file)
  await writable(`--output ${file}`, () => writeFile(file, renderReport(results)))
}

/**
 * Appends a run, without its raw samples; the values of the repetitions stay. An incomplete last line affects only
 * itself.
 *
 * @throws `runtime_error` as `writeResult`
 */
export async function appendHistory(result: BenchResult, folder: string): Promise<void> {
  const file = path.join(folder, historyFile)
  const line = `${JSON.stringify({...result, samples: []})}\n`
  await writable(
    `--history ${folder}`,
    async () => {
      await using handle = await open(file, 'a+')
      const {size} = await handle.stat()
      const {buffer} = await handle.read(Buffer.alloc(1), 0, 1, Math.max(0, size - 1))
      await handle.appendFile(size > 0 && buffer.toString() !== '\n' ? `\n${line}` : line)
    },
    'runtime_error',
  )
}

/**
 * The runs of a folder, the oldest first. `tell` gets a note for each line that is not a result of this version; these
 * are skipped.
 *
 * @throws `invalid_argument` when the folder has no history
 */
export function readHistory(folder: string, tell: (text: string) => void): BenchResult[] {
  const file = path.join(folder, historyFile)
  let text: string
  try {
    text = readBounded(file, mostResultBytes).toString()
  } catch (error) {
    if (error instanceof NnError) throw error
    throw new NnError('file_unusable', `--history ${folder} cannot be read: ${systemReason(error)}.`, {
      cause: error,
      hint: 'A run creates it: wnn bench model.gguf --history folder',
    })
  }
  return text.split('\n').flatMap((line, index) => {
    if (line === '') return []
    try {
      return [parseResult(line, `${file}, line ${index + 1},`)]
    } catch (error) {
      if (!(error instanceof NnError)) throw error
      tell(`${error.message.split('\n')[0]} It is skipped.`)
      return []
    }
  })
}

/** A result of an earlier run. @throws `invalid_argument` for anything else */
export function readResult(file: string): BenchResult {
  try {
    return parseResult(decodeText(readBounded(file, mostResultBytes), file), file)
  } catch (error) {
    if (error instanceof NnError) throw error
    throw new NnError('file_unusable', `${file} cannot be read: ${systemReason(error)}.`, {cause: error})
  }
}

function parseResult(text: string, name: string): BenchResult {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new NnError('invalid_argument', `${name} is not valid JSON: ${(error as Error).message}.`, {cause: error})
  }
  if (checkResult(value)) return value as BenchResult
  const [problem] = validateDocument(parseText(text, {file: name}), checkResult)
  const what = problem === undefined ? '' : `\n${renderProblem(problem)}`
  throw new NnError('invalid_argument', `${name} is not a result of this version of wnn bench.${what}`)
}

async function writable(
  what: string,
  attempt: () => Promise<unknown>,
  code: 'invalid_argument' | 'runtime_error' = 'invalid_argument',
): Promise<void> {
  try {
    await attempt()
  } catch (error) {
    if (error instanceof NnError) throw error
    throw new NnError(code, `${what} cannot be written: ${systemReason(error)}.`, {cause: error})
  }
}
