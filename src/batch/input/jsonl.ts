import {readLines} from './lines.js'
import type {InputRecord} from './record.js'

/** One JSON value per line. */
export async function* readJsonl(chunks: AsyncIterable<Buffer>): AsyncGenerator<InputRecord> {
  for await (const found of readLines(chunks)) {
    const {line} = found
    yield {line, content: 'text' in found ? parse(found.text) : {fault: found.fault}}
  }
}

/** One prompt per line. */
export async function* readPrompts(chunks: AsyncIterable<Buffer>): AsyncGenerator<InputRecord> {
  for await (const found of readLines(chunks)) {
    const {line} = found
    yield {line, content: 'text' in found ? {value: found.text} : {fault: found.fault}}
  }
}

function parse(text: string): InputRecord['content'] {
  try {
    return {value: JSON.parse(text) as unknown}
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    return {fault: `The line is not JSON: ${error.message}`}
  }
}
