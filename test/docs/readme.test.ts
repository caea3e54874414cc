import {execFileSync} from 'node:child_process'
import {readFileSync} from 'node:fs'
import {fileURLToPath} from 'node:url'
import * as assert from 'uvu/assert'
import {temporaryFolder} from '../support/crafted-gguf.js'
import {suite} from '../support/suite.js'

const test = suite('README', {timeoutMs: 30_000})
const root = fileURLToPath(new URL('../..', import.meta.url))

test('the library example runs as it stands', async (t) => {
  const [, example = ''] = /```ts\n([\s\S]*?)```/.exec(readFileSync(`${root}README.md`, 'utf8')) ?? []
  assert.match(example, /from 'wasi-nn-llama'/)
  const files = await temporaryFolder()
  t.after(files.remove)
  // Outside of the package its name is not known.
  const file = await files.file('example.mts', example.replace("'wasi-nn-llama'", `'file://${root}dist/index.js'`))
  const output = execFileSync(process.execPath, ['--import', 'tsx', file], {cwd: root, encoding: 'utf8'})
  assert.is(output, 'Your name is Alice. end_of_sequence\n')
})
