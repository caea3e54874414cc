import type {TestContext} from './suite.js'

class Skipped extends Error {}

/** Runs `work`; rejects when it is not done in time, after telling `onTimeout`. A thrown value becomes an Error. */
export async function within<T>(limitMs: number, work: () => T | Promise<T>, onTimeout?: () => void): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const timeout = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      onTimeout?.()
      reject(new Error(`timed out after ${limitMs} ms`))
    }, limitMs)
  })
  try {
    return await Promise.race([(async () => work())(), timeout])
  } catch (thrown) {
    throw thrown instanceof Error ? thrown : new Error(`threw a value that is not an Error: ${String(thrown)}`)
  } finally {
    clearTimeout(timer)
  }
}

/** Runs one test and its cleanups, each within the limit. Gives the reason when the test skipped itself. */
export async function runTest(
  handler: (context: TestContext) => unknown,
  limitMs: number,
): Promise<string | undefined> {
  const aborter = new AbortController()
  const cleanups: (() => unknown)[] = []
  const errors: unknown[] = []
  let skipped: string | undefined

  const context: TestContext = {
    signal: aborter.signal,
    skip: (reason) => {
      throw new Skipped(reason)
    },
    after: (cleanup) => void cleanups.push(cleanup),
  }
  const collect = (thrown: unknown): void => {
    if (thrown instanceof Skipped) skipped = thrown.message
    else errors.push(thrown)
  }

  await within(
    limitMs,
    () => handler(context),
    () => aborter.abort(),
  ).catch(collect)
  for (const cleanup of cleanups.reverse()) await within(limitMs, cleanup).catch(collect)
  if (errors.length > 0) throw firstOf(errors)
  return skipped
}

/** The first error is the verdict; the others, mostly its consequences, are shown beside it. */
export function firstOf(errors: readonly unknown[]): unknown {
  for (const other of errors.slice(1)) console.error('also failed:', other)
  return errors[0]
}
