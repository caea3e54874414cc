import {mkdtempSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import path from 'node:path'
import type {TestContext} from './suite.js'

/** A folder that goes with the test. */
export function temporaryFolder(t: TestContext): string {
  const made = mkdtempSync(path.join(tmpdir(), 'wnn-test-'))
  t.after(() => rmSync(made, {recursive: true, force: true}))
  return made
}
