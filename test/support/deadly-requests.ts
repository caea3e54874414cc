import {fileURLToPath} from 'node:url'
import type {TestContext} from './suite.js'

const deadlyRequests = fileURLToPath(new URL('hooks/deadly-requests.mjs', import.meta.url))

/** Engines that start from now on die of certain requests. */
export function makeRequestsDeadly(t: TestContext): void {
  const {NODE_OPTIONS: before} = process.env
  process.env.NODE_OPTIONS = `--import=${deadlyRequests}`
  t.after(() => {
    if (before === undefined) delete process.env.NODE_OPTIONS
    else process.env.NODE_OPTIONS = before
  })
}
