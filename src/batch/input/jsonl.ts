import {DocumentError, parseText, type ParsedDocument, type Written} from '../../documents/index.js'
import {readLines} from './lines.js'
import type {InputRecord, Unusable} from './record.js'

/** One JSON value per line. */
export async function* readJsonl(chunks: AsyncIterable<Buffer>): AsyncGenerator<InputRecord> {
  for await (const found of readLines(chunks)) {
    const {line} = found
    yield {line, content: 'text' in found ? parse(found.text) : unusable(found)}
  }
}

/** One prompt per line. */
export async function* readPrompts(chunks: AsyncIterable<Buffer>): AsyncGenerator<InputRecord> {
  for await (const found of readLines(chunks)) {
    const {line} = found
    yield {line, content: 'text' in found ? {value: found.text} : unusable(found)}
  }
}

function unusable({fault, hint}: Unusable): Unusable {
  return {fault, hint}
}

function parse(text: string): InputRecord['content'] {
  try {
    return {value: JSON.parse(text) as unknown, ...(oddNumber.test(text) && {written: writtenIn(text)})}
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    return {fault: `The line is not JSON: ${error.message}`}
  }
}

/** Numbers that JavaScript may write in another way. */
const oddNumber = /\d[.eE]|\d{16}/

/** Reads the line again only when it is asked: few items need it. */
function writtenIn(text: string): Written {
  let document: ParsedDocument | undefined
  return (path) => {
    try {
      document ??= parseText(text)
    } catch (error) {
      // JSON allows a key twice and YAML does not: such a line has no better spelling.
      if (error instanceof DocumentError) return undefined
      throw error
    }
    return document.written(path)
  }
}
