import type {Suite} from './suite.js'
import {openBackend, type Opened} from './fixtures.js'

/** A backend for all tests of a file, opened before the first and released after the last. */
export function sharedBackend(
  test: Suite,
  config: object = {},
  options: Parameters<typeof openBackend>[1] = {},
): () => Opened {
  let opened: Opened | undefined
  test.before(async () => {
    opened = await openBackend(config, options)
  })
  test.after(() => opened?.backend.deinit())
  return () => {
    if (opened === undefined) throw new Error('The backend is not open outside of tests.')
    return opened
  }
}
