import {existsSync, readFileSync} from 'node:fs'
import path from 'node:path'

/**
 * What a test file needs: nothing but code (`unit`), a model in an engine (`engine`), or programs of its own, a daemon or a
 * browser (`e2e`).
 */
export const lanes = ['unit', 'engine', 'e2e'] as const
export type Lane = (typeof lanes)[number]

/** What a file of the lane imports, by itself or through the helpers of the tests. */
const signs: readonly {lane: Lane; imports: RegExp}[] = [
  {lane: 'e2e', imports: /^node:child_process$|^playwright-core$|test\/support\/run-cli\.ts$|src\/daemon\/start\.ts$/},
  {lane: 'engine', imports: /test\/support\/fixtures\.ts$|src\/backend\/(index|host\/.*)\.ts$/},
]

/** The lane of a test file, by what it imports. */
export function laneOf(file: string): Lane {
  const imports = [...importsOf(path.resolve(file), new Set())]
  return signs.find((sign) => imports.some((name) => sign.imports.test(name)))?.lane ?? 'unit'
}

/** Names of packages and paths of files that a file imports, and those that the tests' own files among them import. */
function importsOf(file: string, seen: Set<string>): Set<string> {
  if (seen.has(file) || !existsSync(file)) return seen
  seen.add(file)
  const source = readFileSync(file, 'utf8')
  for (const [, name = ''] of source.matchAll(/^(?:import|export) (?!type )[^'"]*['"]([^'"]+)['"]/gm)) {
    if (!name.startsWith('.')) seen.add(name)
    else {
      const target = path.resolve(path.dirname(file), name.replace(/\.js$/, '.ts'))
      if (target.includes(`${path.sep}test${path.sep}`)) importsOf(target, seen)
      else seen.add(target)
    }
  }
  return seen
}
