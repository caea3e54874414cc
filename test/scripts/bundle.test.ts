import {builtinModules} from 'node:module'
import * as assert from 'uvu/assert'
import {bundle, packagesIn} from '../../scripts/bundle.js'
import {suite} from '../support/suite.js'

const test = suite('bundle', {timeoutMs: 20_000})

test('needs no package that is not installed with it', async () => {
  const {outputs} = await bundle({write: false})
  const imports = Object.values(outputs).flatMap((output) => output.imports.filter(({external}) => external === true))
  const packages = imports
    .map(({path}) => path)
    .filter((path) => !path.startsWith('node:') && !builtinModules.includes(path))
  // oclif asks for TypeScript when it runs from sources, and does without.
  assert.equal([...new Set(packages)].sort(), ['node-llama-cpp', 'typescript'])
})

test('tells of the packages that it is made of', async () => {
  const packages = packagesIn(await bundle({write: false}))
  for (const name of ['@oclif/core', 'fastify', 'pino', 'yaml'])
    assert.ok(packages.includes(`node_modules/${name}`), name)
  assert.is(
    packages.some((name) => name.includes('esbuild')),
    false,
  )
})
