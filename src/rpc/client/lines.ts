import type {Readable} from 'node:stream'

/** The lines of a stream of text, each as soon as it is whole; one that is cut off by the end is left out. */
export async function* linesOf(stream: Readable): AsyncGenerator<string> {
  stream.setEncoding('utf8')
  let pieces: string[] = []
  for await (const chunk of stream as AsyncIterable<string>) {
    const [first = '', ...others] = chunk.split('\n')
    pieces.push(first)
    for (const next of others) {
      yield pieces.join('')
      pieces = [next]
    }
  }
}
