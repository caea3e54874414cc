import {readdirSync, readFileSync} from 'node:fs'
import {fileURLToPath} from 'node:url'

export const root = fileURLToPath(new URL('../..', import.meta.url))

/** The pages of the documentation, by their paths from the root of the repository. */
export function pages(): string[] {
  const docs = readdirSync(`${root}docs`, {recursive: true, encoding: 'utf8'}).filter((name) => name.endsWith('.md'))
  return ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', ...docs.map((name) => `docs/${name}`).sort()]
}

export function readPage(page: string): string {
  return readFileSync(root + page, 'utf8')
}
