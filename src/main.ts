import {readFileSync} from 'node:fs'
import path from 'node:path'
import {Plugin, run, settings, type Interfaces} from '@oclif/core'
import type {OclifError} from './cli/usage-error.js'

/** Folder of the package; this file is in `src/`, or in `dist/` when it is bundled. */
const root = path.dirname(import.meta.dirname)
const fromSource = import.meta.url.endsWith('.ts')

/**
 * The command line. Plugins are handed to oclif here, which would otherwise look for their packages at each start; the
 * bundle has their commands among its own.
 */
export async function main(): Promise<void> {
  await nameUser(process.env)
  const pjson = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as Interfaces.PJSON
  if (fromSource) useSources(pjson)
  const own = new Plugin({root, pjson, isRoot: true, ignoreManifest: fromSource})
  const others = fromSource ? (pjson.oclif.plugins ?? []).map((name) => new Plugin({name, root})) : []
  const all = [own, ...others]
  await Promise.all(all.map((plugin) => plugin.load()))
  const plugins = new Map(all.map((plugin) => [plugin.name, plugin]))
  if (fromSource) {
    process.env.NODE_ENV = 'development'
    settings.debug = true
  }
  try {
    await run(process.argv.slice(2), {root, pjson, plugins})
  } catch (error) {
    await end(error as OclifError, pjson.oclif.bin ?? pjson.name)
  }
}

/** Commands print their own errors and exit; those of the help come here. */
async function end(error: OclifError, command: string): Promise<never> {
  const {describeUsage, isExit} = await import('./cli/usage-error.js')
  const {printError} = await import('./cli/print-error.js')
  const {message, hint, exit} = describeUsage(error, {command, names: [], renamed: {}})
  if (!isExit(error)) printError(message, hint)
  process.exit(exit)
}

/** oclif asks the system for what is missing here, and throws where that does not know the user. */
async function nameUser(env: NodeJS.ProcessEnv): Promise<void> {
  const {SHELL, HOME = ''} = env
  if (SHELL !== undefined && HOME !== '') return
  const {homeFolder, loginShell, noHome} = await import('./system/home.js')
  env.SHELL ??= loginShell() ?? ''
  env.HOME = homeFolder(env) ?? noHome
}

function useSources({oclif}: Interfaces.PJSON): void {
  oclif.commands = './src/commands'
  for (const [name, file] of Object.entries(oclif.hooks ?? {})) {
    if (typeof file === 'string') oclif.hooks = {...oclif.hooks, [name]: file.replace('/dist/', '/src/')}
  }
}
