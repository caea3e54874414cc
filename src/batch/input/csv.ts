import type {CsvError, Info} from 'csv-parse'
import {NnError} from '../../errors.js'
import {plural} from '../../terminal/units.js'
import {decodeText} from '../../documents/index.js'
import {namedDelimiter} from './named-delimiter.js'
import {decodeUtf8, isNewline, isReturn, lineBreaks} from './lines.js'
import {badEncoding, maxRecordBytes, type InputRecord} from './record.js'

interface Row {
  record: Buffer[]
  info: Info
}

/** Each alone or mixed: spreadsheets and editors add lines to a file in their own way. The longest comes first. */
const recordDelimiter = ['\r\n', '\n', '\r']

/**
 * The records of a CSV file (RFC 4180) with any line ends; the first one names the columns. Values are texts; empty ones
 * are omitted. The character between fields is the given one, that of a line `sep=;`, or a comma.
 * @throws `invalid_argument` for columns without a name or with a duplicate name, and for another separator.
 */
export async function* readCsv(
  bytes: AsyncIterable<Buffer>,
  _name?: string,
  given?: string,
): AsyncGenerator<InputRecord> {
  const {named, chunks} = await namedDelimiter(bytes)
  const delimiter = given ?? named ?? ','
  let namesDelimiter = named !== undefined
  const lines = new LineCounter()
  let columns: string[] | undefined
  let end = 0
  for await (const row of parseRows(lines.watch(chunks), delimiter)) {
    if ('fault' in row) {
      // Its end cannot be found, so all after it is lost.
      yield {line: end + 1, content: {fault: `This record and all after it cannot be read: ${row.fault}`}}
      return
    }
    const {record, info} = row
    end = lines.before(info.bytes - 1) + 1
    if (namesDelimiter) {
      namesDelimiter = false
      continue
    }
    // Blank lines that have spaces.
    if (columns === undefined && record.length === 1 && String(record[0]).trim() === '') continue
    if (columns === undefined) columns = readHeader(record, delimiter)
    else {
      const line = end - countBreaks(record)
      yield {line, content: readRow(columns, record, line)}
    }
  }
}

/** The rows of each chunk in turn: as a stream, the parser would drop the rows before a mistake that nobody has read yet. */
async function* parseRows(chunks: AsyncIterable<Buffer>, delimiter: string): AsyncGenerator<Row | {fault: string}> {
  const {parse, CsvError} = await import('csv-parse')
  let rows: Row[] = []
  const parser = parse({
    // Fields are bytes here, so that they can be checked for UTF-8.
    encoding: null,
    ...{
      recordDelimiter,
      delimiter,
      info: true,
      relaxQuotes: true,
      relaxColumnCount: true,
      skipEmptyLines: true,
      maxRecordSize: maxRecordBytes,
    },
    onRecord: (row: unknown) => {
      rows.push(row as Row)
      return null
    },
  })
  // Which error it is, the callbacks say.
  parser.on('error', () => undefined)
  parser.resume()
  type Written = Error | null | undefined
  const write = async (chunk: Buffer | undefined): Promise<(Row | {fault: string})[]> => {
    const error = await new Promise<Written>((resolve) => {
      if (chunk === undefined) parser.end(resolve)
      else parser.write(chunk, resolve)
    })
    const found = rows
    rows = []
    if (error == null) return found
    if (!(error instanceof CsvError)) throw error
    return [...found, {fault: whyUnreadable(error)}]
  }
  try {
    for await (const chunk of chunks) yield* await write(chunk)
    yield* await write(undefined)
  } finally {
    parser.destroy()
  }
}

/** The parser's own messages name lines, which it counts wrongly for CRLF between quotes. */
function whyUnreadable({code, message}: CsvError): string {
  if (code === 'CSV_QUOTE_NOT_CLOSED') return 'a quote that it opens is never closed.'
  return code === 'CSV_MAX_RECORD_SIZE' ? `it has more than ${maxRecordBytes} bytes.` : message
}

/** The line of a position. The parser's own count is wrong for CRLF between quotes. */
class LineCounter {
  private counted = 0
  private passed = 0
  private bytes = 0
  private endsInReturn = false
  /** Positions of the last bytes of line breaks that were not queried yet. */
  private ahead: number[] = []

  /** The same chunks. */
  async *watch(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of chunks) {
      const isPair = this.endsInReturn && isNewline(chunk[0])
      // Not queried yet: the parser waits for this chunk to see whether the line break is a CRLF.
      if (isPair) this.ahead[this.ahead.length - 1] = this.bytes
      for (const {end} of lineBreaks(chunk, isPair ? 1 : 0)) this.ahead.push(this.bytes + end - 1)
      this.endsInReturn = isReturn(chunk.at(-1))
      this.bytes += chunk.length
      yield chunk
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

function readHeader(record: readonly Buffer[], delimiter: string): string[] {
  const names = record.map((bytes, at) => decodeText(bytes, `The name of column ${at + 1}`).trim())
  refuseSeparator(names, delimiter)
  const wrong = names.findIndex((name, at) => name === '' || names.indexOf(name) < at)
  if (wrong < 0) return names
  const name = names[wrong] ?? ''
  throw new NnError(
    'invalid_argument',
    name === '' ? `Column ${wrong + 1} has no name.` : `Two columns have the name ${name}.`,
    {hint: 'The first line of a CSV file names its columns. Example: id,prompt,max_tokens'},
  )
}

/** Separators of spreadsheets in countries that write 0,5 and of those that copy cells. */
const separators = new Map([
  [';', {called: 'semicolons', flag: "';'"}],
  ['\t', {called: 'tabs', flag: 'tab'}],
  [',', {called: 'commas', flag: "','"}],
])

/** @throws `invalid_argument` for a single column whose name looks like several. */
function refuseSeparator([only = '', ...others]: readonly string[], delimiter: string): void {
  if (others.length > 0) return
  for (const [separator, {called, flag}] of separators) {
    if (separator === delimiter) continue
    const names = only.split(separator)
    if (names.length === 1 || names.some((name) => name.trim() === '')) continue
    throw new NnError('invalid_argument', `The columns are separated by ${called}: ${JSON.stringify(only)}.`, {
      hint: `Read the file with --delimiter ${flag}.`,
    })
  }
}

function readRow(columns: readonly string[], record: readonly Buffer[], line: number): InputRecord['content'] {
  if (record.length !== columns.length) {
    const fields = plural(record.length, 'field')
    const fault = `The record has ${fields}, but the first line names ${plural(columns.length, 'column')}.`
    // Of columns only the first one is sure, because any field may be missing or be split.
    return {fault, ...(columns[0] === 'id' && {id: textOf(record[0])})}
  }
  const id = textOf(record[columns.indexOf('id')])
  const cells = columns.map((name, at) => [name, decodeUtf8(record[at] ?? Buffer.alloc(0))] as const)
  const wrong = cells.findIndex(([, text]) => text === undefined)
  if (wrong >= 0) {
    const start = line + countBreaks(record.slice(0, wrong))
    return {...badEncoding(record[wrong] ?? Buffer.alloc(0), `The field ${columns[wrong] ?? ''}`, start), id}
  }
  if (cells.some(([, text]) => text?.includes('\0')))
    return {fault: 'The record is not a text: it has a NUL character.', id}
  return {value: Object.fromEntries(cells.filter(([, text]) => text !== '')), isText: true}
}

/** `undefined` for an empty cell and for one that is not a text. */
function textOf(cell: Buffer = Buffer.alloc(0)): string | undefined {
  const text = decodeUtf8(cell)
  return text === '' || text?.includes('\0') === true ? undefined : text
}

function countBreaks(record: readonly Buffer[]): number {
  return record.reduce((sum, bytes) => sum + [...lineBreaks(bytes)].length, 0)
}
