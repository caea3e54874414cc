import {writeFileSync} from 'node:fs'
import path from 'node:path'
import {pathToFileURL} from 'node:url'
import axe, {type AxeResults} from 'axe-core'
import type {Browser, Page} from 'playwright-core'
import * as assert from 'uvu/assert'
import {renderReport} from '../../../src/bench/report/index.js'
import {suite, type TestContext} from '../../support/suite.js'
import {temporaryFolder} from '../../support/temporary-folder.js'
import {compared, fullResult} from '../support/full-result.js'
import {startBrowser} from './support/browser.js'

const test = suite('pages of wnn bench in a browser', {timeoutMs: 60_000})

/** Long, with what browsers may take for markup, and without a place to break. */
const names = [`</title><img src="http://127.0.0.1:9/x.png" onerror="alert('1')">`, `${'long-'.repeat(40)}name`]

function writePage(t: TestContext): string {
  const runs = [1, 2].map((seed) => fullResult({names, repetitions: 5, seed}))
  const [first, last] = runs
  assert.ok(first && last)
  const file = path.join(temporaryFolder(t), 'report.html')
  const warnings = [`A warning with an address: https://example.org/${'path/'.repeat(40)}`]
  writeFileSync(file, renderReport([first, {...compared(last, first), warnings}]))
  return pathToFileURL(file).href
}

interface Opened {
  page: Page
  /** What the browser complained of, and what it asked for besides the page. */
  noise: string[]
}

async function open(
  browser: Browser,
  url: string,
  look: {width: number; colorScheme: 'light' | 'dark'},
): Promise<Opened> {
  const page = await browser.newPage({viewport: {width: look.width, height: 900}, colorScheme: look.colorScheme})
  const noise: string[] = []
  page.on('console', (message) => noise.push(`console: ${message.text()}`))
  page.on('pageerror', (error) => noise.push(`error: ${error.message}`))
  page.on('request', (request) => request.url() === url || noise.push(`request: ${request.url()}`))
  page.on('dialog', (dialog) => noise.push(`dialog: ${dialog.message()}`))
  await page.goto(url, {waitUntil: 'load'})
  return {page, noise}
}

test('it is quiet, loads nothing, fits its window, and is accessible, at both widths and in both schemes', async (t) => {
  const url = writePage(t)
  const browser = await startBrowser(t)
  for (const width of [400, 1400]) {
    for (const colorScheme of ['light', 'dark'] as const) {
      const {page, noise} = await open(browser, url, {width, colorScheme})
      const sizes = await page.evaluate('[document.documentElement.scrollWidth, innerWidth]')
      assert.equal(sizes, [width, width])
      const drawings = await page.evaluate(
        '[...document.querySelectorAll("figure svg")].every((svg) => svg.clientWidth > 300)',
      )
      assert.ok(drawings, `drawings are small at ${width}`)
      assert.equal(noise, [])
      await page.evaluate(axe.source)
      const {violations} = await page.evaluate<AxeResults>('axe.run({resultTypes: ["violations"]})')
      assert.equal(
        violations.map(({id, nodes}) => `${id}: ${nodes[0]?.html ?? ''}`),
        [],
      )
      await page.close()
    }
  }
})

test('no text is drawn over the edge of its drawing', async (t) => {
  const browser = await startBrowser(t)
  const {page} = await open(browser, writePage(t), {width: 1400, colorScheme: 'light'})
  const over = await page.evaluate(`[...document.querySelectorAll('figure svg text')].flatMap((text) => {
    const [own, all] = [text.getBoundingClientRect(), text.ownerSVGElement.getBoundingClientRect()]
    return own.left < all.left - 1 || own.right > all.right + 1 || own.bottom > all.bottom + 1 ? [text.textContent] : []
  })`)
  assert.equal(over, [])
})

test('paper is light, whatever the screen is', async (t) => {
  const browser = await startBrowser(t)
  const {page} = await open(browser, writePage(t), {width: 1400, colorScheme: 'dark'})
  const ink = 'getComputedStyle(document.body).color'
  const onScreen = await page.evaluate<string>(ink)
  await page.emulateMedia({media: 'print'})
  const onPaper = await page.evaluate<string>(ink)
  assert.equal([onScreen, onPaper], ['rgb(230, 233, 237)', 'rgb(27, 33, 40)'])
})
