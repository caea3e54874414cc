import {mkdir, writeFile} from 'node:fs/promises'
import path from 'node:path'
import {fileURLToPath} from 'node:url'
import {configSchema, renderConfigReference} from '../src/config/index.js'
import {renderErrorReference} from './error-reference.js'
import {suiteJsonSchema} from '../src/suites/index.js'

/** The files that are generated from the sources, by their paths in the repository. A test checks them. */
export const generated: Readonly<Record<string, () => string>> = {
  'schemas/config-v1.json': () => json(configSchema()),
  'schemas/suite-v1.json': () => json(suiteJsonSchema()),
  'docs/reference/errors.md': () => `${renderErrorReference()}\n`,
  'docs/reference/config.md': () => `${renderConfigReference()}\n`,
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`
}

const root = path.join(import.meta.dirname, '..')

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [name, content] of Object.entries(generated)) {
    const file = path.join(root, name)
    await mkdir(path.dirname(file), {recursive: true})
    await writeFile(file, content())
  }
}
