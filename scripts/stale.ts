import {readdirSync, statSync} from 'node:fs'
import path from 'node:path'

const root = path.join(import.meta.dirname, '..')

/** The inputs of the build. A folder's own time shows when a file was added or removed. */
const sources = ['src', 'scripts/build.ts', 'scripts/bundle.ts', 'scripts/lazy.ts', 'package.json']

/** Whether there is no build, or a source is newer than it. */
export function isBuildStale(): boolean {
  // The manifest is written last.
  const built = changedAt('oclif.manifest.json')
  return built === undefined || sources.some((source) => newestIn(source) > built)
}

function newestIn(name: string): number {
  const at = changedAt(name) ?? Infinity
  if (!statSync(path.join(root, name)).isDirectory()) return at
  const below = readdirSync(path.join(root, name), {recursive: true, encoding: 'utf8'})
  return Math.max(at, ...below.map((each) => changedAt(path.join(name, each)) ?? Infinity))
}

function changedAt(name: string): number | undefined {
  return statSync(path.join(root, name), {throwIfNoEntry: false})?.mtimeMs
}
