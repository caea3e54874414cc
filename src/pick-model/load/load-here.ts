import path from 'node:path'
import type {GraphId} from '../../backend/contract/types.js'
import type {Core} from '../../backend/contract/core.js'
import type {Output} from '../../terminal/style.js'
import {TransientLine} from '../../terminal/transient-line.js'

export interface LoadHereOptions {
  /** As for `Core.load`. */
  name?: string
  /** Where to show the progress of a slow load. */
  progress: Output
  signal: AbortSignal
}

/** Loads a model into a backend of this process. @throws errors of loading. */
export async function loadHere(
  backend: Core,
  model: string,
  {name, progress, signal}: LoadHereOptions,
): Promise<GraphId> {
  const shown = path.basename(model)
  using line = new TransientLine(progress, `Loading ${shown}…`)
  return await backend.load(
    {name: model},
    {
      ...{signal, ...(name !== undefined && {name})},
      onProgress: (fraction) => line.update(`Loading ${shown}… ${Math.round(fraction * 100)} %`),
    },
  )
}
