import {availableParallelism} from 'node:os'
import type * as ConfigModule from '../../src/config/index.js'
import type {EngineProcess} from '../../src/backend/engine/host/engine-process.js'
import type {GenerateRequest} from '../../src/backend/engine/protocol.js'
import type * as LoggerModule from '../../src/backend/logging/logger.js'
import type * as FolderModule from '../../src/backend/memory/cache-folder.js'
import type * as RegistryModule from '../../src/backend/models/registry.js'
import {importInternals} from './built.js'

/** An engine process without queue and sessions, and a function that makes a request from a prompt. */
export async function startEngine(
  model: string,
  configuration: string,
): Promise<{engine: EngineProcess; request: (text: string) => GenerateRequest}> {
  const [{parseConfig}, {createLogger}, {Registry}, {cacheFolder}] = await importInternals<
    [typeof ConfigModule, typeof LoggerModule, typeof RegistryModule, typeof FolderModule]
  >('config/index.ts', 'backend/logging/logger.ts', 'backend/models/registry.ts', 'backend/memory/cache-folder.ts')
  const parsed = parseConfig(configuration, {strict: true})
  const {config} = parsed
  const caches = await cacheFolder(undefined, config.memory.max_cache_mb)
  const registry = new Registry({
    ...{names: {}, logger: createLogger(config.logging), cores: availableParallelism(), caches},
  })
  const graph = await registry.loadByName(model, parsed)
  const request = (text: string): GenerateRequest => ({
    prompt: {mode: 'raw', text},
    droppedBefore: 0,
    session: text,
    ...{sampling: config.sampling, stopping: config.stopping, contextShift: null, contextSize: config.model.ctx_size},
    ...{cachePrompt: config.memory.cache_prompt, deterministic: false, promptLookup: false},
    ...{pace: 'free', stream: true},
  })
  return {engine: await graph.model.engine(), request}
}
