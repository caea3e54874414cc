import {readFile} from 'node:fs/promises'
import {createRequire} from 'node:module'
import type {Plugin} from 'esbuild'

/** An import at the top of a CommonJS module, as TypeScript compiles it: `const name_1 = require("name")`. */
const imported = /^(?:const|var) (\w+_\d+) = (.*require\(".+"\).*);$/gm

/**
 * Makes the imports in these files lazy: a module is evaluated when it is first used. oclif's index imports everything,
 * including help, parser and the search for plugins. A command uses only some of it, and evaluating the rest takes half
 * of a short command's time.
 */
export function lazyModules(files: RegExp): Plugin {
  return {
    name: 'lazy-modules',
    setup: (build) => {
      build.onLoad({filter: files}, async ({path}) => ({
        contents: makeLazy(await readFile(path, 'utf8')),
        loader: 'js',
      }))
    },
  }
}

/**
 * Turns every import into an object whose `module` requires it at its first use. Also compares command ids, which are
 * ASCII, without `localeCompare`: it would load Unicode's tables, which takes 8 ms.
 */
function makeLazy(source: string): string {
  const names = Array.from(source.matchAll(imported), ([, name = '']) => name)
  if (names.length === 0) return source
  const uses = new RegExp(String.raw`\b(?:${names.join('|')})\b`, 'g')
  const lines = source.split('\n').map((line) => {
    const [, name, module] = new RegExp(imported.source).exec(line) ?? []
    if (name === undefined || module === undefined) return line.replace(uses, '$&.module')
    return `let the_${name}; const ${name} = {get module() { return the_${name} ??= ${module} }};`
  })
  return lines.join('\n').replaceAll('a.id.localeCompare(b.id)', '(a.id < b.id ? -1 : 1)')
}

/**
 * Makes these CommonJS packages lazy: each is evaluated when one of its exports is first used. A command that neither
 * checks nor reads a document does not wait for ajv or yaml. A package that exports a function is lazy for ECMAScript
 * modules only; CommonJS modules get what `require` returns.
 */
export function lazyPackages(names: readonly string[]): Plugin {
  const require = createRequire(import.meta.url)
  const filter = new RegExp(`^(?:${names.join('|')})$`)
  return {
    name: 'lazy-packages',
    setup: (build) => {
      build.onResolve({filter, namespace: 'file'}, ({path, kind, resolveDir}) => {
        const isLazy = kind === 'import-statement' || typeof require(path) === 'object'
        return isLazy ? {path, namespace: 'lazy', pluginData: resolveDir} : undefined
      })
      build.onLoad({filter, namespace: 'lazy'}, ({path, pluginData}) => {
        const exported = Object.keys(require(path) as object).filter((key) => /^[A-Za-z]\w*$/.test(key))
        const getters = exported.map((key) => `get ${key}() { return require(${JSON.stringify(path)}).${key} }`)
        const contents = `module.exports = {__esModule: true, ${getters.join(', ')}}`
        return {contents, loader: 'js', resolveDir: String(pluginData)}
      })
    },
  }
}

/** Importing `node:process` reads each of its properties, which opens standard input. The global is the same object. */
export const globalProcess: Plugin = {
  name: 'global-process',
  setup: (build) => {
    build.onResolve({filter: /^(?:node:)?process$/}, () => ({path: 'process', namespace: 'global'}))
    build.onLoad({filter: /^process$/, namespace: 'global'}, () => ({contents: 'module.exports = process'}))
  },
}
