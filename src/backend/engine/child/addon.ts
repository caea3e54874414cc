import {readFile} from 'node:fs/promises'
import {createRequire} from 'node:module'
import path from 'node:path'
import {fileURLToPath} from 'node:url'
import type {getLlama as GetLlama} from 'node-llama-cpp'
import {NnError} from '../../../errors.js'
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
  /** What its owner should know. */
  warnings: string[]
}

/** The commit of llama.cpp that the pinned version is built from. */
const commit = 'de3ff815ea7d559ee917f063901b8986f038abc6'

/** The library's numbers for log levels, from GGML's enumeration. */
export const addonLogLevels = {fatal: 1, error: 2, warn: 3, info: 4, debug: 6} as const

/**
 * Loads llama.cpp. Without a GPU it loads the prebuilt addon directly. The library would first test it in another
 * process, which is unnecessary here because the engine is already a separate process. This saves 0.9 s per engine.
 */
export async function loadAddon(wantsGpu: boolean): Promise<LoadedAddon> {
  const direct = wantsGpu ? undefined : await loadPrebuilt()
  if (direct !== undefined) return direct
  const getLlama = await importLibrary()
  if (getLlama === undefined) {
    const prebuilt = await loadPrebuilt()
    if (prebuilt === undefined) throw noBinary()
    const missing = 'node-llama-cpp, which finds GPUs, is not installed (docs/gpu.md).'
    return {...prebuilt, warnings: [missing]}
  }
  const llama = await getLlama({gpu: wantsGpu ? 'auto' : false, build: 'never', progressLogs: 'stderr'})
  const addon = (llama as unknown as {_bindings: Addon})._bindings
  return {addon, build: llama.llamaCppRelease.release, commit, warnings: []}
}

/** The library brings the binaries for all GPUs, so it is installed only where there is one. */
async function importLibrary(): Promise<typeof GetLlama | undefined> {
  try {
    return (await import('node-llama-cpp')).getLlama
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

function noBinary(): NnError {
  const machine = `${process.platform}-${process.arch}`
  return new NnError('runtime_error', `llama.cpp is not installed for this machine (${machine}).`, {
    hint: 'Install node-llama-cpp, which brings it: docs/gpu.md.',
  })
}

/** llama.cpp's Jinja, without backends: a process that only renders templates needs no driver and little memory. */
export async function loadJinja(): Promise<Addon['AddonJinjaRenderer']> {
  const binaries = prebuiltFolder()
  const {AddonJinjaRenderer} = binaries === undefined ? (await loadAddon(false)).addon : requireAddon(binaries)
  return AddonJinjaRenderer
}

function requireAddon(binaries: string): Addon {
  return createRequire(import.meta.url)(path.join(binaries, 'llama-addon.node')) as Addon
}

/** The folder of the prebuilt binaries for the CPU of this machine, if they are installed. */
function prebuiltFolder(): string | undefined {
  const target = `${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`
  const folder = resolveBinaries(`@node-llama-cpp/${target}`)
  return folder === undefined ? undefined : path.join(folder, 'bins', target)
}

async function loadPrebuilt(): Promise<LoadedAddon | undefined> {
  const binaries = prebuiltFolder()
  if (binaries === undefined) return undefined
  const metadata = JSON.parse(await readFile(path.join(binaries, '_nlcBuildMetadata.json'), 'utf8')) as {
    buildOptions: {llamaCpp: {release: string}}
  }
  const addon = requireAddon(binaries)
  addon.markLoaded()
  addon.loadBackends()
  // The default search looks next to the executable (node); the CPU libraries are next to the addon.
  addon.loadBackends(binaries)
  await addon.init()
  return {addon, build: metadata.buildOptions.llamaCpp.release, commit, warnings: []}
}

function resolveBinaries(packageName: string): string | undefined {
  try {
    return path.dirname(path.dirname(fileURLToPath(import.meta.resolve(packageName))))
  } catch (error) {
    // No prebuilt binary for this machine: the library knows other ways (a local build, another variant).
    if (isMissing(error)) return undefined
    throw error
  }
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND'
}
