// wall-limit: 300 s
import {execFile} from 'node:child_process'
import {cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync} from 'node:fs'
import path from 'node:path'
import {fileURLToPath} from 'node:url'
import type {Plugin} from 'esbuild'
import * as assert from 'uvu/assert'
import {bundle} from '../../scripts/bundle.js'
import {suite} from '../support/suite.js'
import {mutations, type Mutation} from './mutations.js'

// Breaks the sources in one place, bundles that and runs the scenario that is to notice.
const test = suite('mutations', {timeoutMs: 60_000})

const root = fileURLToPath(new URL('../..', import.meta.url))
const folders = path.join(root, '.mutants')

test.before(() => mkdirSync(folders, {recursive: true}))
test.after(() => rmSync(folders, {recursive: true, force: true}))

/** The program with the mutation; below the repository, so that it finds its dependencies. */
async function mutate({file, find, replace}: Mutation): Promise<string> {
  const source = path.join(root, 'src', file)
  const parts = readFileSync(source, 'utf8').split(find)
  assert.is(parts.length, 2, `"${find}" stands ${parts.length - 1} times in ${file}`)
  const copy = mkdtempSync(path.join(folders, 'm-'))
  for (const part of ['bin', 'package.json', 'oclif.manifest.json']) {
    cpSync(path.join(root, part), path.join(copy, part), {recursive: true})
  }
  await bundle({outdir: path.join(copy, 'dist'), plugins: [readInstead(source, parts.join(replace))]})
  return copy
}

/** Gives the bundler `contents` for what the file holds. */
function readInstead(file: string, contents: string): Plugin {
  return {
    name: 'mutation',
    setup: (build) => {
      build.onLoad({filter: /\.ts$/}, ({path: read}) => (read === file ? {contents, loader: 'ts'} : undefined))
    },
  }
}

interface Report {
  exit: number
  failed: string[]
}

/** Runs one scenario with the program in `folder`; which cases failed, and how the program ended. */
function runScenario(folder: string, scenario: number, signal: AbortSignal): Promise<Report> {
  const argv = ['bin/run.js', 'test', path.join(root, 'suites/conformance'), '--filter', String(scenario), '--json']
  return new Promise((resolve, reject) => {
    // What a mutant does not clean up goes with the folder of the mutants.
    execFile(
      process.execPath,
      argv,
      {cwd: folder, signal, env: {...process.env, TMPDIR: folders}},
      (error, stdout, stderr) => {
        try {
          const {results} = JSON.parse(stdout) as {results: {id: string; outcome: string}[]}
          const failed = results.filter(({outcome}) => outcome === 'failed').map(({id}) => id)
          resolve({exit: error === null ? 0 : Number(error.code), failed})
        } catch {
          reject(new Error(`No report came.\n${stdout}\n${stderr}`))
        }
      },
    )
  })
}

for (const mutation of mutations) {
  const {scenario, file, cases = [String(scenario)]} = mutation
  test(`scenario ${scenario} turns red when ${file} is broken`, async (t) => {
    const {exit, failed} = await runScenario(await mutate(mutation), scenario, t.signal)
    assert.equal({exit, failed}, {exit: 4, failed: cases})
  })
}

test('a program that is not broken passes', async (t) => {
  const scenarios = await Promise.all([2, 6].map((scenario) => runScenario(root, scenario, t.signal)))
  assert.equal(
    scenarios.map(({exit}) => exit),
    [0, 0],
  )
})
