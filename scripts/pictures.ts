import {execFileSync} from 'node:child_process'
import {mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import {pathToFileURL} from 'node:url'
import {chromium} from 'playwright-core'
import {animate} from './pictures/svg.js'
import {record} from './pictures/terminal.js'

// Makes the pictures of the README from the built program: `npm run pictures`. Needs Linux and Chromium.
const root = path.join(import.meta.dirname, '..')
const images = path.join(root, 'docs/images')
const model = 'fixtures/models/tiny-qwen2-chat.gguf'
const folder = mkdtempSync(path.join(os.tmpdir(), 'wnn-pictures-'))
mkdirSync(images, {recursive: true})
try {
  await recordChat()
  await photographReport()
} finally {
  rmSync(folder, {recursive: true, force: true})
}

async function recordChat(): Promise<void> {
  const argv = ['chat', model]
  const frames = await record(
    `printf '$ wnn ${argv.join(' ')}\\n'; "${process.execPath}" bin/run.js ${argv.join(' ')} --local`,
    [
      {until: '> ', pauseMs: 900, type: 'My name is Alice.\r'},
      {until: 'Nice to meet you', pauseMs: 1200, type: 'What is the capital of France?\r'},
      {until: 'Paris', pauseMs: 1200, type: 'What is my name?\r'},
      // Ctrl-D leaves the chat.
      {until: 'Your name is Alice', pauseMs: 2000, type: '\x04'},
    ],
    root,
  )
  writeFileSync(path.join(images, 'chat.svg'), animate(frames, 'A chat in a terminal'))
}

async function photographReport(): Promise<void> {
  const report = path.join(folder, 'report.html')
  const argv = ['bench', '--local', model, '-p', '64,256', '-n', '32', '--concurrency', '1,4,16', '-r', '5']
  execFileSync(process.execPath, [path.join(root, 'bin/run.js'), ...argv, '--output', report], {
    cwd: root,
    stdio: 'inherit',
  })
  const executablePath = process.env['CHROME'] ?? '/usr/bin/chromium'
  const browser = await chromium.launch({executablePath, args: ['--no-sandbox']})
  try {
    const page = await browser.newPage({viewport: {width: 900, height: 760}, deviceScaleFactor: 1.5})
    await page.goto(pathToFileURL(report).href)
    await page.screenshot({path: path.join(images, 'bench-report.png')})
  } finally {
    await browser.close()
  }
}
