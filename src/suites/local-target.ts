import {initBackend} from '../backend/index.js'
import {probeOf} from './probe.js'
import type {Target} from './target.js'

/** Backends in this process, one after the other: what is left of any counts as left by the last. */
export function localTarget(): Target {
  return {
    name: 'local',
    init: (config, {strict}) => initBackend({strict, ...(config !== undefined && {config})}),
    probe: probeOf(),
  }
}
