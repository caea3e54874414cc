import {readdirSync} from 'node:fs'
import path from 'node:path'
import {build, type Metafile, type Plugin} from 'esbuild'
import {globalProcess, lazyModules, lazyPackages} from './lazy.js'

const root = path.join(import.meta.dirname, '..')

export interface BundleOptions {
  /** Where the files go. Defaults to `dist` of the repository. */
  outdir?: string
  /** Whether files are written at all, or only looked at through what is returned. Defaults to `true`. */
  write?: boolean
  plugins?: Plugin[]
}

/** What cannot stand in a bundle: it finds its own files at run time. */
const external = ['node-llama-cpp', '@node-llama-cpp/*']

/** What oclif asks for when it runs from sources. */
const developmentOnly = ['typescript', 'ts-node']

/** CommonJS packages in a bundle still call `require` for what comes with Node. */
const banner = `import {createRequire as createRequireOfBundle} from 'node:module'
const require = createRequireOfBundle(import.meta.url)`

/**
 * Bundles src/ and the packages that it uses, in files that share chunks: one for each command, because a command is to
 * read no more files than it needs, one for the engine process, and those of the library. `import()` stays lazy.
 *
 * @returns what is in which file, with paths from the root of the repository.
 */
export async function bundle({outdir = path.join(root, 'dist'), write = true, plugins = []}: BundleOptions = {}) {
  const {metafile} = await build({
    absWorkingDir: root,
    entryPoints: entries(),
    outdir,
    write,
    plugins: [
      lazyModules(/@oclif.core.lib.*\.js$/),
      lazyPackages(['ajv', 'semver', 'yaml']),
      globalProcess,
      ...plugins,
    ],
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    entryNames: '[dir]/[name]',
    chunkNames: 'chunks/[name]-[hash]',
    external: [...external, ...developmentOnly],
    banner: {js: banner},
    // oclif looks for its own package.json, to check Node's version against it; npm does that for ours.
    define: {'process.env.OCLIF_DISABLE_ENGINE_WARNING': '"true"'},
    // Less to parse at each start. Names stay, for stacks.
    minifyWhitespace: true,
    minifySyntax: true,
    // Node prints the line of an error that nobody catches.
    lineLimit: 160,
    // Licenses go into a file of their own.
    legalComments: 'none',
    metafile: true,
    logLevel: 'warning',
  })
  return metafile
}

function entries(): Record<string, string> {
  return {
    main: 'src/main.ts',
    engine: 'src/backend/engine/child/main.ts',
    index: 'src/index.ts',
    openai: 'src/openai/index.ts',
    suites: 'src/suites/index.ts',
    ...scripts('hooks', 'src/hooks', '.ts'),
    ...scripts('commands', 'src/commands', '.ts'),
    // oclif's own commands run from the same bundle, as if they were ours: a plugin is a package to look for at each start.
    ...scripts('commands', 'node_modules/@oclif/plugin-help/lib/commands', '.js'),
    ...scripts('commands', 'node_modules/@oclif/plugin-autocomplete/lib/commands', '.js'),
  }
}

/** The modules below `folder`, as entries below `into`. */
function scripts(into: string, folder: string, extension: string): Record<string, string> {
  const names = readdirSync(path.join(root, folder), {recursive: true, encoding: 'utf8'})
  return Object.fromEntries(
    names
      .filter((name) => name.endsWith(extension))
      .map((name) => [path.join(into, name.slice(0, -extension.length)), path.join(folder, name)]),
  )
}

/** The packages that stand in the bundles, as folders from the root of the repository. */
export function packagesIn({outputs}: Metafile): string[] {
  const files = Object.values(outputs).flatMap(({inputs}) => Object.keys(inputs))
  const folders = files.flatMap((file) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0] ?? [])
  return [...new Set(folders)].sort()
}
