import {readFile} from 'node:fs/promises'
import {createRequire} from 'node:module'
import path from 'node:path'
import {fileURLToPath} from 'node:url'
import type {Addon} from './addon-types.js'

/**
 * The one module that touches node-llama-cpp's internals; it runs only in the engine process. The binding's calls
 * are used directly because the library's own batch loop loses a third of the throughput with several sequences
 * (docs/engine.md). The version is pinned and `test/backend/engine/child/addon.test.ts` checks every call used here.
 */
export interface LoadedAddon {
  addon: Addon
  /** llama.cpp release, as `v0.5.0`. */
  build: string
  commit: string
}

/** The library's numbers for log levels, from GGML's enumeration. */
export const addonLogLevels = {fatal: 1, error: 2, warn: 3, info: 4, debug: 6} as const

/**
 * Loads llama.cpp. Without a GPU it loads the prebuilt addon directly. The library would first test it in another
 * process, which is unnecessary here because the engine is already a separate process. This saves 0.9 s per engine.
 */
export async function loadAddon(wantsGpu: boolean): Promise<LoadedAddon> {
  const direct = wantsGpu ? undefined : await loadPrebuilt()
  if (direct !== undefined) return direct
  const {getLlama} = await import('node-llama-cpp')
  const llama = await getLlama({gpu: wantsGpu ? 'auto' : false, build: 'never', progressLogs: 'stderr'})
  const addon = (llama as unknown as {_bindings: Addon})._bindings
  return {addon, build: llama.llamaCppRelease.release, commit: await readCommit()}
}

async function loadPrebuilt(): Promise<LoadedAddon | undefined> {
  const target = `${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`
  const folder = resolveBinaries(`@node-llama-cpp/${target}`)
  if (folder === undefined) return undefined
  const binaries = path.join(folder, 'bins', target)
  const metadata = JSON.parse(await readFile(path.join(binaries, '_nlcBuildMetadata.json'), 'utf8')) as {
    buildOptions: {llamaCpp: {release: string}}
  }
  const addon = createRequire(import.meta.url)(path.join(binaries, 'llama-addon.node')) as Addon
  addon.markLoaded()
  addon.loadBackends()
  // The default search looks next to the executable (node); the CPU libraries are next to the addon.
  addon.loadBackends(binaries)
  await addon.init()
  return {addon, build: metadata.buildOptions.llamaCpp.release, commit: await readCommit()}
}

function resolveBinaries(packageName: string): string | undefined {
  try {
    return path.dirname(path.dirname(fileURLToPath(import.meta.resolve(packageName))))
  } catch (error) {
    // There is no prebuilt binary for this machine. The library tries other ways (a local build, another variant).
    if ((error as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND') return undefined
    throw error
  }
}

/** The commit is in the header of the source bundle in the package: `<sha> HEAD` on its second line. */
async function readCommit(): Promise<string> {
  const bundle = path.join(
    path.dirname(fileURLToPath(import.meta.resolve('node-llama-cpp'))),
    '../llama/gitRelease.bundle',
  )
  const {open} = await import('node:fs/promises')
  const file = await open(bundle).catch(() => undefined)
  if (file === undefined) return 'unknown'
  try {
    const {buffer, bytesRead} = await file.read(Buffer.alloc(256), 0, 256, 0)
    return /^([0-9a-f]{40}) HEAD$/m.exec(buffer.toString('latin1', 0, bytesRead))?.[1] ?? 'unknown'
  } finally {
    await file.close()
  }
}

/** GBNF for a JSON schema, by the library's generator (its supported subset: docs of node-llama-cpp). */
export async function grammarForJsonSchema(addon: Addon, schema: object): Promise<string> {
  const {LlamaJsonSchemaGrammar} = await import('node-llama-cpp')
  // `llama.createGrammarForJsonSchema` does the same, but needs an instance, which does not exist here.
  // eslint-disable-next-line @typescript-eslint/no-deprecated
  const grammar = new LlamaJsonSchemaGrammar({_bindings: addon} as never, schema as never)
  // The generator ends every document with four line breaks as a stop trigger. Here the document simply ends.
  return grammar.grammar.replace(/ "(?:\\n){4}" \[\\n\]\*$/m, '')
}
