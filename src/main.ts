import {readFileSync} from 'node:fs'
import path from 'node:path'
import {execute, Plugin, type Interfaces} from '@oclif/core'

/** Folder of the package; this file is in `src/`, or in `dist/` when it is bundled. */
const root = path.dirname(import.meta.dirname)
const fromSource = import.meta.url.endsWith('.ts')

/**
 * The command line. Plugins are handed to oclif here, which would otherwise look for their packages at each start; the
 * bundle has their commands among its own.
 */
export async function main(): Promise<void> {
  const pjson = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as Interfaces.PJSON
  if (fromSource) useSources(pjson)
  const own = new Plugin({root, pjson, isRoot: true, ignoreManifest: fromSource})
  const others = fromSource ? (pjson.oclif.plugins ?? []).map((name) => new Plugin({name, root})) : []
  const all = [own, ...others]
  await Promise.all(all.map((plugin) => plugin.load()))
  const plugins = new Map(all.map((plugin) => [plugin.name, plugin]))
  await execute({development: fromSource, loadOptions: {root, pjson, plugins}})
}

function useSources({oclif}: Interfaces.PJSON): void {
  oclif.commands = './src/commands'
  for (const [name, file] of Object.entries(oclif.hooks ?? {})) {
    if (typeof file === 'string') oclif.hooks = {...oclif.hooks, [name]: file.replace('/dist/', '/src/')}
  }
}
