import {configFromObject} from '../../../src/config/index.js'
import type {HeartbeatLimits} from '../../../src/backend/engine/host/heartbeat.js'
import {LocalCore} from '../../../src/backend/host/core.js'
import {Parts} from '../../../src/backend/host/parts.js'
import {cacheFolder} from '../../../src/backend/memory/cache-folder.js'

/** A core whose engines are looked at more often than usual. Its answers are greedy. */
export async function watchedCore(settings: object, heartbeat: HeartbeatLimits): Promise<LocalCore> {
  const {config, given} = configFromObject({temp: 0, repeat_penalty: 1, ...settings}, {strict: true, cores: 2})
  const folder = await cacheFolder(undefined, 'auto')
  const common = {config, given, configWarnings: [], cores: 2, state: undefined}
  return new LocalCore({strict: true, cores: 2}, new Parts({...common, heartbeat, cacheFolder: folder}))
}
