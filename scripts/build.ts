import {execFileSync} from 'node:child_process'
import {rmSync} from 'node:fs'
import {createRequire} from 'node:module'
import {fileURLToPath} from 'node:url'
import {writeManifest} from './manifest.js'

/** Compiles src/ to dist/ and writes oclif's manifest, without which every command module is imported for `--help`. */
const root = fileURLToPath(new URL('..', import.meta.url))
const require = createRequire(import.meta.url)

rmSync(new URL('../dist', import.meta.url), {recursive: true, force: true})
execFileSync(process.execPath, [require.resolve('typescript/bin/tsc'), '-p', 'tsconfig.build.json'], {
  cwd: root,
  stdio: 'inherit',
})
await writeManifest(root)
