import {rmSync} from 'node:fs'
import path from 'node:path'
import {pathToFileURL} from 'node:url'
import {build} from 'esbuild'

const root = path.join(import.meta.dirname, '../..')

/** An entry of the built library, which is what users run. Sources would go through a loader that changes functions. */
export async function importBuilt<T>(entry: 'index.js' | 'openai.js'): Promise<T> {
  return (await import(new URL(`../../dist/${entry}`, import.meta.url).href)) as T
}

/**
 * Modules of src/ that the library does not export, bundled in the same way. Modules of one call share what they
 * import. They share nothing with those of another call or with the library.
 */
export async function importInternals<Modules extends unknown[]>(...sources: string[]): Promise<Modules> {
  const urls = await bundleInternals(...sources)
  return (await Promise.all(urls.map((url) => import(url)))) as Modules
}

let bundles = 0

/** The URLs of these bundles. They are removed when the process exits. */
export async function bundleInternals(...sources: string[]): Promise<string[]> {
  // Inside the repository, so that they find their packages.
  const outdir = path.join(root, 'perf/.built', `${process.pid}-${++bundles}`)
  process.once('exit', () => rmSync(outdir, {recursive: true, force: true}))
  await build({
    ...{entryPoints: sources.map((source) => path.join(root, 'src', source)), outbase: path.join(root, 'src'), outdir},
    ...{bundle: true, splitting: true, packages: 'external', format: 'esm', platform: 'node', target: 'node20.19'},
  })
  return sources.map((source) => pathToFileURL(path.join(outdir, source.replace(/\.ts$/, '.js'))).href)
}

/** Settings that all measurements of this project's own engine share. */
export function settings({
  sequences,
  threads,
  contextSize,
  generateTokens,
}: {
  sequences: number
  threads: number
  contextSize: number
  generateTokens: number
}): string {
  return JSON.stringify({
    ...{threads, ctx_size: contextSize, batch_size: 512, parallel: sequences, prompt_mode: 'raw', cache_prompt: false},
    ...{temp: 0, repeat_penalty: 1, ignore_eos: true, max_tokens: generateTokens, max_time_ms: 0},
    max_repetition_count: 0,
    ...{max_concurrent: sequences, max_sessions: 10 * sequences, queue_size: 10 * sequences},
    default_task_timeout_ms: 3_600_000,
  })
}
