import {appendFile, mkdir, open, readFile, writeFile} from 'node:fs/promises'
import path from 'node:path'
import {NnError} from '../backend/errors.js'
import {parseText, readDocument, renderProblem, validateDocument} from '../documents/index.js'
import {formats, renderResult, type Format} from './render/index.js'
import {checkResult, type BenchResult} from './result.js'

/** A file to write a result to. */
export interface OutputFile {
  file: string
  format: Format
}

/** Other endings of names. */
const alike: Readonly<Record<string, Format>> = {markdown: 'md', htm: 'html'}

/** Where the runs of a folder are kept, one JSON object a line, the oldest first. */
const historyFile = 'history.jsonl'

/**
 * The form that a file's name asks for, and that it can be written: before the run, not after it.
 *
 * @throws `invalid_argument`
 */
export async function checkOutput(file: string, format: Format | undefined): Promise<OutputFile> {
  const meant = format ?? formatOf(file)
  if (meant === undefined) {
    throw new NnError('invalid_argument', `--output ${file}: its name does not say which form it is to have.`, {
      hint: `End it with .${formats.join(', .')}, or give --format.`,
    })
  }
  await writable(`--output ${file}`, async () => (await open(file, 'a')).close())
  return {file, format: meant}
}

function formatOf(file: string): Format | undefined {
  const extension = path.extname(file).slice(1).toLowerCase()
  return formats.find((one) => one === (alike[extension] ?? extension))
}

/** @throws `invalid_argument` */
export async function checkHistory(folder: string): Promise<void> {
  await writable(`--history ${folder}`, async () => {
    await mkdir(folder, {recursive: true})
    await (await open(path.join(folder, historyFile), 'a')).close()
  })
}

export async function writeResult(result: BenchResult, {file, format}: OutputFile): Promise<void> {
  await writeFile(file, await renderResult(result, format))
}

/** Writes runs, the oldest first, as an HTML page. @throws `invalid_argument` */
export async function writeReport(results: readonly BenchResult[], file: string): Promise<void> {
  if (formatOf(file) !== 'html') {
    throw new NnError('invalid_argument', `--output ${file}: runs over time are written as HTML.`, {
      hint: 'End its name with .html.',
    })
  }
  const {renderReport} = await import('./report/index.js')
  await writable(`--output ${file}`, () => writeFile(file, renderReport(results)))
}

/** Appends a run, without its raw samples; the values of the repetitions stay. */
export async function appendHistory(result: BenchResult, folder: string): Promise<void> {
  await appendFile(path.join(folder, historyFile), `${JSON.stringify({...result, samples: []})}\n`)
}

/** The runs of a folder, the oldest first. @throws `invalid_argument` that names the line that is no result */
export async function readHistory(folder: string): Promise<BenchResult[]> {
  const file = path.join(folder, historyFile)
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    throw new NnError('invalid_argument', `--history ${folder} cannot be read: ${(error as Error).message}`, {
      cause: error,
      hint: 'A run begins it: wnn bench model.gguf --history folder',
    })
  }
  const lines = text.split('\n')
  return lines.flatMap((line, index) => (line === '' ? [] : [parseResult(line, `${file}, line ${index + 1}`)]))
}

/** A result of an earlier run. @throws `invalid_argument` for anything else */
export function readResult(file: string): BenchResult {
  return parseResult(readDocument(file), file)
}

function parseResult(text: string, name: string): BenchResult {
  const document = parseText(text, {file: name})
  const [problem, ...others] = validateDocument(document, checkResult)
  if (problem === undefined) return document.value as BenchResult
  const more = others.length === 0 ? '' : ` (and ${others.length} more)`
  throw new NnError(
    'invalid_argument',
    `${name} is no result of this version of wnn bench${more}:\n${renderProblem(problem)}`,
  )
}

async function writable(what: string, attempt: () => Promise<void>): Promise<void> {
  try {
    await attempt()
  } catch (error) {
    throw new NnError('invalid_argument', `${what} cannot be written: ${(error as Error).message}`, {cause: error})
  }
}
