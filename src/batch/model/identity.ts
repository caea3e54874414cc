import {createHash, type Hash} from 'node:crypto'
import {readGgufHeader} from '../../backend/index.js'
import type {GraphStatus} from '../../backend/contract/status.js'
import {NnError} from '../../errors.js'
import {contentIdentity, hashParts} from '../../system/file-digest.js'
import {applyRuntimeOptions, type Config, type RuntimeOptions} from '../../config/index.js'

/** Bytes at both ends of a file that are hashed; hashing all of a large file would take longer than loading it. */
const sample = 1024 ** 2

/** Keys of `model` that affect only the speed of an answer. */
const ofSpeed = new Set(['threads', 'parallel', 'use_mmap', 'use_mlock', 'numa'])

/**
 * Identifies a model by the sizes of its files and the MiB at both ends of each.
 * @throws as `readGgufHeader`, and system errors.
 */
export async function modelFingerprint(file: string): Promise<string> {
  const {files} = await readGgufHeader(file)
  return fingerprint(files)
}

/** Of a model in the daemon. One whose file no longer exists or is another by now goes by its name and size. */
export async function sharedFingerprint(model: GraphStatus): Promise<string> {
  const {name, size_bytes, parameters} = model
  const files = await loadedFiles(model)
  return files === undefined ? `${name}, ${size_bytes} bytes, ${parameters} parameters` : fingerprint(files)
}

async function loadedFiles({path, content_id}: GraphStatus): Promise<readonly string[] | undefined> {
  try {
    const {files} = await readGgufHeader(path)
    return (await contentIdentity(files)) === content_id ? files : undefined
  } catch (error) {
    if (error instanceof NnError) return undefined
    throw error
  }
}

async function fingerprint(files: readonly string[]): Promise<string> {
  const hash = createHash('sha256')
  for (const each of files) await hashEnds(each, hash)
  return hash.digest('hex')
}

async function hashEnds(file: string, hash: Hash): Promise<void> {
  await hashParts(file, hash, (size) => {
    hash.update(String(size))
    return [
      [0, sample],
      [Math.max(0, size - sample), sample],
    ]
  })
}

/** Everything that decides answers, by names such as `model.ctx_size`: a configuration, and the defaults of items. */
export function answerSettings(config: Config, defaults: RuntimeOptions = {}): Record<string, unknown> {
  const {model, memory} = config
  const {sampling, stopping} = applyRuntimeOptions(config, defaults)
  const {context_shifting, n_keep_tokens, n_discard_tokens} = memory
  const sections = {model, sampling, stopping, memory: {context_shifting, n_keep_tokens, n_discard_tokens}}
  return Object.fromEntries(
    Object.entries(sections).flatMap(([section, keys]) =>
      Object.entries(keys as Record<string, unknown>)
        .filter(([key]) => section !== 'model' || !ofSpeed.has(key))
        .map(([key, value]) => [`${section}.${key}`, value]),
    ),
  )
}
