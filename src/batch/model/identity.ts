import {createHash} from 'node:crypto'
import {open} from 'node:fs/promises'
import {applyRuntimeOptions, type Config, type RuntimeOptions} from '../../config/index.js'

/** Bytes at both ends of a file that are hashed; hashing all of a large file would take longer than loading it. */
const sample = 1024 ** 2

/** Keys of `model` that affect only the speed of an answer. */
const ofSpeed = new Set(['threads', 'parallel', 'use_mmap', 'use_mlock', 'numa'])

/** Identifies a model file by its size and the MiB at both ends. Rejects with system errors. */
export async function modelFingerprint(file: string): Promise<string> {
  const handle = await open(file)
  try {
    const {size} = await handle.stat()
    const hash = createHash('sha256').update(String(size))
    for (const position of [0, Math.max(0, size - sample)]) {
      const {buffer, bytesRead} = await handle.read(Buffer.alloc(Math.min(sample, size)), 0, null, position)
      hash.update(buffer.subarray(0, bytesRead))
    }
    return hash.digest('hex')
  } finally {
    await handle.close()
  }
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
