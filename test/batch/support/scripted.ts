import {NnError} from '../../../src/errors.js'
import {runBatch, type Ended, type BatchOutcome, type RunOptions} from '../../../src/batch/run-batch.js'

/** Items 0, 1, 2, …, and how many of them were asked for. */
export function numbers(count: number): AsyncIterable<number> & {read: number} {
  return {
    read: 0,
    async *[Symbol.asyncIterator]() {
      for (let n = 0; n < count; n++) {
        this.read = n + 1
        yield await Promise.resolve(n)
      }
    },
  }
}

/** Answers that are given by hand. */
export class Answers {
  readonly asked: number[] = []
  private readonly open = new Map<number, {resolve: (text: string) => void; reject: (error: Error) => void}>()

  readonly answer = (item: number, signal: AbortSignal): Promise<string> => {
    this.asked.push(item)
    return new Promise((resolve, reject) => {
      this.open.set(item, {resolve, reject})
      signal.addEventListener('abort', () => reject(signal.reason as Error), {once: true})
    })
  }

  give(item: number, text = `answer ${item}`): void {
    this.open.get(item)?.resolve(text)
    this.open.delete(item)
  }

  fail(item: number, error: Error): void {
    this.open.get(item)?.reject(error)
    this.open.delete(item)
  }

  get running(): number[] {
    return [...this.open.keys()]
  }
}

export type NumberEnded = Ended<number, string>

/** A run over numbers, with what it has written. */
export function run(
  items: AsyncIterable<number>,
  answer: (item: number, signal: AbortSignal) => Promise<string>,
  options: Partial<RunOptions> = {},
): {written: NumberEnded[]; result: Promise<BatchOutcome>} {
  const written: NumberEnded[] = []
  const result = runBatch(items, answer, (ended) => void written.push(ended), {
    ...{concurrency: 2, order: 'input', stop: new AbortController().signal},
    ...options,
  })
  // Told by whoever awaits it.
  result.catch(() => undefined)
  return {written, result}
}

export const engineError = (message = 'The engine died.', busy = false): NnError =>
  new NnError(busy ? 'queue_full' : 'runtime_error', message)
