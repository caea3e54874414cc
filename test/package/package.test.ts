// wall-limit: 300 s
import {execFile} from 'node:child_process'
import {existsSync, readdirSync, statSync} from 'node:fs'
import {writeFile} from 'node:fs/promises'
import path from 'node:path'
import {promisify} from 'node:util'
import * as assert from 'uvu/assert'
import {suite} from '../support/suite.js'
import {temporaryFolder} from '../support/temporary-folder.js'

// The package as somebody else installs it: what is packed and where it is asked for is not seen from within.
const test = suite('package', {timeoutMs: 200_000})
const root = path.join(import.meta.dirname, '../..')
const tsc = path.join(root, 'node_modules/typescript/bin/tsc')
/** Of a machine without a GPU, in bytes. */
const mostInstalled = 200e6

interface Output {
  stdout: string
  stderr: string
}

test('works where it is installed: command, suites, library and types', async (t) => {
  // `npm test` builds without types.
  if (!existsSync(path.join(root, 'dist/types'))) await run(root, process.execPath, tsc, '-p', 'tsconfig.build.json')
  const folder = temporaryFolder(t)
  await run(root, 'npm', 'pack', '--ignore-scripts', '--silent', '--pack-destination', folder)
  const tarball = readdirSync(folder).find((name) => name.endsWith('.tgz')) ?? ''
  await writeFile(path.join(folder, 'package.json'), '{"private": true}')
  const installed = await run(folder, 'npm', 'install', '--no-audit', '--no-fund', `./${tarball}`)
  assert.not.match(installed.stderr, /EBADENGINE|deprecated|peer/)
  assert.ok(sizeOf(path.join(folder, 'node_modules')) < mostInstalled)

  const wnn = path.join(folder, 'node_modules/.bin/wnn')
  const model = 'node_modules/wasi-nn-llama/fixtures/models/tiny-qwen2-chat.gguf'
  assert.match((await run(folder, wnn, '--version')).stdout, /^wasi-nn-llama\/\d/)
  assert.is((await runWith('Hello!', folder, wnn, 'chat', model)).stdout, 'Hello! How can I help you?\n')
  assert.match((await run(folder, wnn, 'test')).stdout, /\b0 failed/)

  await checkModules(folder, model)
  await checkTypes(folder)
})

async function checkModules(folder: string, model: string): Promise<void> {
  const use = `
    const backend = await initBackend()
    const graph = await backend.loadByName('${model}')
    const context = await backend.initExecutionContext(graph)
    await backend.setInput(context, 0, textTensor('Hello!'))
    await backend.compute(context)
    console.log(await readOutput(backend, context), typeof listenHttp, typeof loadSuites, typeof wasiNnImports)
    await backend.deinit()`
  const names = {
    '': 'initBackend, readOutput, textTensor',
    '/openai': 'listenHttp',
    '/suites': 'loadSuites',
    '/wasi-nn': 'wasiNnImports',
  }
  const write = (line: (name: string, names: string) => string): string =>
    Object.entries(names)
      .map(([entry, each]) => line(`wasi-nn-llama${entry}`, each))
      .join('\n')
  const files = {
    'use.mjs': `${write((name, each) => `import {${each}} from '${name}'`)}${use}`,
    'use.cjs': `${write((name, each) => `const {${each}} = require('${name}')`)}\nvoid (async () => {${use}})()`,
  }
  for (const [name, text] of Object.entries(files)) {
    await writeFile(path.join(folder, name), text)
    assert.is(
      (await run(folder, process.execPath, name)).stdout,
      'Hello! How can I help you? function function function\n',
    )
  }
}

async function checkTypes(folder: string): Promise<void> {
  const lines = [
    "import {initBackend, type Config} from 'wasi-nn-llama'",
    "import {listenHttp} from 'wasi-nn-llama/openai'",
    "import {loadSuites, type Suite} from 'wasi-nn-llama/suites'",
    "import {wasiNnImports, type WasiNnImports} from 'wasi-nn-llama/wasi-nn'",
    'export const nn = async (): Promise<WasiNnImports> => wasiNnImports(await initBackend())',
    'export const size = ({model}: Config): number => model.ctx_size',
    '// @ts-expect-error A configuration that became `any` would not be noticed otherwise.',
    'export const wrong = ({model}: Config): boolean => model.ctx_size',
    'export const suites = (): Suite[] => [...loadSuites([])]',
    'export const url = async () => (await listenHttp((await initBackend()).core, {port: 0})).url',
  ]
  await writeFile(path.join(folder, 'use.mts'), lines.join('\n'))
  const types = ['--types', 'node', '--typeRoots', path.join(root, 'node_modules/@types')]
  const how = [
    '--noEmit',
    '--strict',
    '--module',
    'nodenext',
    '--target',
    'es2023',
    '--lib',
    'es2023,esnext.disposable',
  ]
  await run(folder, process.execPath, tsc, ...how, ...types, 'use.mts')
}

function run(folder: string, command: string, ...argv: string[]): Promise<Output> {
  return runWith('', folder, command, ...argv)
}

/** What the command says, given this on its standard input; it must succeed. */
async function runWith(input: string, folder: string, command: string, ...argv: string[]): Promise<Output> {
  const running = promisify(execFile)(command, argv, {cwd: folder, maxBuffer: 1 << 26})
  running.child.stdin?.end(input)
  return running.catch((error: unknown) => {
    const {stdout, stderr} = error as Output
    throw new Error(`${command} ${argv.join(' ')} failed:\n${stdout}${stderr}`)
  })
}

function sizeOf(folder: string): number {
  const names = readdirSync(folder, {recursive: true, encoding: 'utf8'})
  return names.reduce((sum, name) => sum + statSync(path.join(folder, name)).size, 0)
}
