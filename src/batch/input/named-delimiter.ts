/** Bytes of `sep=;` and the first one of a line break. */
const length = 6

/**
 * Excel writes and reads a first line `sep=;`, which names the character between the fields. Gives this character, if
 * there is such a line, and the same chunks.
 */
export async function namedDelimiter(
  chunks: AsyncIterable<Buffer>,
): Promise<{named: string | undefined; chunks: AsyncIterable<Buffer>}> {
  const iterator = chunks[Symbol.asyncIterator]()
  let start: Buffer = Buffer.alloc(0)
  while (start.length < length) {
    const next = (await iterator.next()) as IteratorResult<Buffer, undefined>
    if (next.done === true) break
    start = Buffer.concat([start, next.value])
  }
  const [, named] = /^sep=([\t -~])(?:[\r\n]|$)/i.exec(start.subarray(0, length).toString('latin1')) ?? []
  return {named: named === '"' ? undefined : named, chunks: joined(start, iterator)}
}

async function* joined(start: Buffer, rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  yield start
  yield* {[Symbol.asyncIterator]: () => rest}
}
