import {rmSync} from 'node:fs'

// Removes the files of a build, the tests and the measurements. node_modules stays.
for (const name of ['dist', 'coverage', '.mutants', 'oclif.manifest.json', 'test-results.xml', 'perf/.models']) {
  rmSync(new URL(`../${name}`, import.meta.url), {recursive: true, force: true})
}
