import {readdirSync} from 'node:fs'
import path from 'node:path'
import {build, type Metafile, type Plugin} from 'esbuild'
import {globalProcess, lazyModules, lazyPackages} from './lazy.js'

const root = path.join(import.meta.dirname, '..')

export interface BundleOptions {
  /** The folder of the files. Defaults to `dist` of the repository. */
  outdir?: string
  /** Whether files are written. Without them, only the result is returned. Defaults to `true`. */
  write?: boolean
  plugins?: Plugin[]
}

/** Packages that cannot be bundled, because they find their own files at run time. */
const external = ['node-llama-cpp', '@node-llama-cpp/*']

/** Packages that oclif only imports when it runs from sources. */
const developmentOnly = ['typescript', 'ts-node']

/** CommonJS packages in a bundle still call `require` for Node's own modules. */
const banner = `import {createRequire as createRequireOfBundle} from 'node:module'
const require = createRequireOfBundle(import.meta.url)`

/**
 * Bundles src/ and the packages that it uses into files that share chunks. Each command has a file of its own, so that
 * it reads no more files than it needs. The engine process has one too, and so do the parts of the library. `import()`
 * stays lazy.
 *
 * @returns the content of each file, with paths from the root of the repository.
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
    // oclif would read its own package.json to check Node's version. npm checks the version for ours.
    define: {'process.env.OCLIF_DISABLE_ENGINE_WARNING': '"true"'},
    // Less to parse at each start. Names stay, for stack traces.
    minifyWhitespace: true,
    minifySyntax: true,
    // Node prints the line of an uncaught error.
    lineLimit: 160,
    // scripts/licenses.ts writes the licenses into a file of their own.
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
    renderer: 'src/backend/engine/child/renderer/main.ts',
    index: 'src/index.ts',
    openai: 'src/openai/index.ts',
    suites: 'src/suites/index.ts',
    'wasi-nn': 'src/wasm/component/index.ts',
    guest: 'src/wasm/guest/main.ts',
    isolated: 'src/wasm/guest/process.ts',
    ...scripts('hooks', 'src/hooks', '.ts'),
    ...scripts('commands', 'src/commands', '.ts'),
    // oclif's own command runs from the same bundle, as if it were ours: a plugin is a package to look for at each start.
    ...scripts('commands', 'node_modules/@oclif/plugin-help/lib/commands', '.js'),
  }
}

/** The modules in `folder`, as entries in `into`. */
function scripts(into: string, folder: string, extension: string): Record<string, string> {
  const names = readdirSync(path.join(root, folder), {recursive: true, encoding: 'utf8'})
  return Object.fromEntries(
    names
      .filter((name) => name.endsWith(extension))
      .map((name) => [path.join(into, name.slice(0, -extension.length)), path.join(folder, name)]),
  )
}

/** The bundled packages, as folders from the root of the repository. */
export function packagesIn({outputs}: Metafile): string[] {
  const files = Object.values(outputs).flatMap(({inputs}) => Object.keys(inputs))
  const folders = files.flatMap((file) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0] ?? [])
  return [...new Set(folders)].sort()
}
