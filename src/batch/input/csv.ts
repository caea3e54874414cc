import {Readable} from 'node:stream'
import type {Info} from 'csv-parse'
import {NnError} from '../../errors.js'
import {decodeUtf8, isMarked, newline} from './lines.js'
import {maxRecordBytes, type InputRecord} from './record.js'

interface Row {
  record: Buffer[]
  info: Info
}

/**
 * The records of a CSV file (RFC 4180); the first one names the columns. Values are texts; empty ones are omitted.
 * @throws `invalid_argument` for columns without a name or with a duplicate name.
 */
export async function* readCsv(chunks: AsyncIterable<Buffer>): AsyncGenerator<InputRecord> {
  const {parse, CsvError} = await import('csv-parse')
  const parser = parse({
    // Fields are bytes here, so that they can be checked for UTF-8.
    encoding: null,
    ...{info: true, relaxQuotes: true, relaxColumnCount: true, skipEmptyLines: true, maxRecordSize: maxRecordBytes},
  })
  const lines = new LineCounter()
  const source = Readable.from(lines.watch(chunks), {objectMode: false})
  source.on('error', (error) => parser.destroy(error))
  source.pipe(parser)
  let columns: string[] | undefined
  let end = 0
  try {
    for await (const {record, info} of parser as AsyncIterable<Row>) {
      end = lines.before(info.bytes - 1) + 1
      // Blank lines that have spaces.
      if (columns === undefined && record.length === 1 && String(record[0]).trim() === '') continue
      if (columns === undefined) columns = readHeader(record)
      else yield {line: end - lineBreaks(record), content: readRow(columns, record)}
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error
    // Its end cannot be found, so all after it is lost.
    yield {line: end + 1, content: {fault: `This record and all after it cannot be read: ${error.message}`}}
  } finally {
    source.destroy()
  }
}

/** The line of a position. The parser's own count is wrong for CRLF between quotes. */
class LineCounter {
  private counted = 0
  private passed = 0
  private bytes = 0
  /** Positions of line breaks that were not queried yet. */
  private ahead: number[] = []

  /** The same chunks without the byte order mark, which does not count for positions. */
  async *watch(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of chunks) {
      const bytes = this.bytes === 0 && isMarked(chunk) ? chunk.subarray(3) : chunk
      for (let at = bytes.indexOf(newline); at >= 0; at = bytes.indexOf(newline, at + 1))
        this.ahead.push(this.bytes + at)
      this.bytes += bytes.length
      yield bytes
    }
  }

  /** Number of line breaks before this position. Positions must be queried in ascending order. */
  before(place: number): number {
    while ((this.ahead[this.passed] ?? Infinity) < place) this.passed += 1
    // Only now and then, because each time copies the rest.
    if (this.passed > 10_000) {
      this.counted += this.passed
      this.ahead = this.ahead.slice(this.passed)
      this.passed = 0
    }
    return this.counted + this.passed
  }
}

function readHeader(record: readonly Buffer[]): string[] {
  const names = record.map((bytes) => bytes.toString().trim())
  const wrong = names.findIndex((name, at) => name === '' || names.indexOf(name) < at)
  if (wrong < 0) return names
  const name = names[wrong] ?? ''
  throw new NnError(
    'invalid_argument',
    name === '' ? `Column ${wrong + 1} has no name.` : `Two columns have the name ${name}.`,
    {hint: 'The first line of a CSV file names its columns. Example: id,prompt,max_tokens'},
  )
}

function readRow(columns: readonly string[], record: readonly Buffer[]): InputRecord['content'] {
  if (record.length !== columns.length) {
    return {fault: `The record has ${record.length} fields, but the first line names ${columns.length} columns.`}
  }
  try {
    const cells = columns.map((name, at) => [name, decodeUtf8(record[at] ?? Buffer.alloc(0))] as const)
    return {value: Object.fromEntries(cells.filter(([, text]) => text !== '')), isText: true}
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    return {fault: 'The record is not UTF-8.'}
  }
}

function lineBreaks(record: readonly Buffer[]): number {
  return record.reduce((sum, bytes) => sum + bytes.filter((byte) => byte === newline).length, 0)
}
