import {accessSync, constants} from 'node:fs'
import path from 'node:path'
import {chromium, type Browser} from 'playwright-core'
import type {TestContext} from '../../../support/suite.js'

/** Starts the Chromium of this machine, from `CHROME` or the path; without one the test is skipped. */
export async function startBrowser(t: TestContext): Promise<Browser> {
  const executablePath = findChromium()
  if (executablePath === undefined) t.skip('no chromium or google-chrome in the path, nor in CHROME')
  const browser = await chromium.launch({executablePath, args: ['--disable-gpu', '--disable-quic']})
  t.after(() => browser.close())
  return browser
}

function findChromium(): string | undefined {
  const {CHROME, PATH = ''} = process.env
  if (CHROME !== undefined && CHROME !== '') return CHROME
  const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']
  return PATH.split(path.delimiter)
    .flatMap((folder) => names.map((name) => path.join(folder, name)))
    .find(isExecutable)
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}
