import {execFile} from 'node:child_process'
import {cpSync, mkdirSync, symlinkSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import {promisify} from 'node:util'
import * as assert from 'uvu/assert'
import {suite, type TestContext} from '../support/suite.js'
import {temporaryFolder} from '../support/temporary-folder.js'

const test = suite('checks of the structure', {timeoutMs: 60_000})
const root = path.join(import.meta.dirname, '../..')

/** A project with the repository's settings and these sources. */
function project(t: TestContext, sources: Record<string, string>): string {
  const folder = temporaryFolder(t)
  for (const name of ['.dependency-cruiser.js', 'knip.json', 'tsconfig.json', 'package.json'])
    cpSync(path.join(root, name), path.join(folder, name))
  symlinkSync(path.join(root, 'node_modules'), path.join(folder, 'node_modules'))
  for (const [name, text] of Object.entries(sources)) {
    mkdirSync(path.dirname(path.join(folder, name)), {recursive: true})
    writeFileSync(path.join(folder, name), text)
  }
  return folder
}

/** What a tool says, and its exit code. */
async function run(folder: string, tool: string, ...argv: string[]): Promise<{code: number; output: string}> {
  const file = path.join(root, 'node_modules/.bin', tool)
  try {
    const {stdout} = await promisify(execFile)(file, argv, {cwd: folder})
    return {code: 0, output: stdout}
  } catch (error) {
    const {code, stdout, stderr} = error as {code: number; stdout: string; stderr: string}
    return {code, output: stdout + stderr}
  }
}

const layers = (folder: string) => run(folder, 'depcruise', '--config', '.dependency-cruiser.js', 'src')

test('a lower layer that imports a higher one fails, types included', async (t) => {
  const folder = project(t, {
    'src/errors.ts': "import type {Load} from './commands/load.js'\nexport type Fault = Load\n",
    'src/commands/load.ts': 'export interface Load {\n  file: string\n}\n',
  })
  const {code, output} = await layers(folder)
  assert.is(code, 1, output)
  assert.match(output, /layer-of-errors\.ts: src\/errors\.ts → src\/commands\/load\.ts/)
})

test('reaching past the face of the backend fails, and so does a circle', async (t) => {
  const folder = project(t, {
    'src/chat/a.ts':
      "import {local} from '../backend/host/local.js'\nimport {b} from './b.js'\nexport const a = [local, b]\n",
    'src/chat/b.ts': "import type {a} from './a.js'\nexport const b: typeof a = []\n",
    'src/backend/host/local.ts': 'export const local = 1\n',
  })
  const {code, output} = await layers(folder)
  assert.is(code, 2, output)
  assert.match(output, /backend-face: src\/chat\/a\.ts → src\/backend\/host\/local\.ts/)
  assert.match(output, /no-circular: src\/chat\/a\.ts/)
})

test('an export that nobody imports fails', async (t) => {
  const folder = project(t, {
    'src/commands/load.ts': "import {used} from '../used.js'\nexport default used\n",
    'src/used.ts': 'export const used = 1\nexport const forgotten = 2\n',
  })
  const {code, output} = await run(folder, 'knip', '--include', 'exports')
  assert.is(code, 1, output)
  assert.match(output, /forgotten +src\/used\.ts/)
})
