import {execFileSync} from 'node:child_process'
import {rmSync, writeFileSync} from 'node:fs'
import {createRequire} from 'node:module'
import path from 'node:path'
import {parseArgs} from 'node:util'
import {bundle, packagesIn} from './bundle.js'
import {licensesOf} from './licenses.js'
import {writeManifest} from './manifest.js'

/**
 * Bundles src/ into dist/ and writes oclif's manifest. Without it, `--help` would import every command module. The type
 * declarations of the library take most of the time; `--no-types` leaves them out.
 */
const {values: flags} = parseArgs({options: {'no-types': {type: 'boolean', default: false}}})
const root = path.join(import.meta.dirname, '..')
const dist = path.join(root, 'dist')

rmSync(dist, {recursive: true, force: true})
const packages = packagesIn(await bundle({outdir: dist}))
writeFileSync(
  path.join(dist, 'third-party-licenses.txt'),
  licensesOf(packages.map((folder) => path.join(root, folder))),
)
if (!flags['no-types']) {
  const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc')
  execFileSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], {cwd: root, stdio: 'inherit'})
}
await writeManifest(root)
