import {NnError} from '../../errors.js'
import type {Core} from '../../backend/contract/core.js'
import {readGgufHeader} from '../../backend/index.js'
import type {GraphId} from '../../backend/contract/types.js'
import {contentDigest} from '../../system/file-digest.js'
import type {GraphStatus} from '../../backend/contract/status.js'
import type {ModelFile, Subject} from '../result.js'

/** The status of one graph. */
export async function statusOf(backend: Core, graph: GraphId): Promise<GraphStatus> {
  const status = (await backend.graphs()).find((one) => one.graph === graph)
  if (status === undefined) throw new NnError('model_unloaded', `Graph ${graph} was unloaded.`)
  return status
}

/** The description of a graph in a result. Reads all of the model for its checksum. */
export async function describeGraph(
  status: GraphStatus,
  about: Pick<Subject, 'name' | 'kind' | 'settings'>,
  signal: AbortSignal,
): Promise<Subject> {
  const {path, size_bytes, architecture, parameters} = status
  const {llama_build, llama_commit, gpu, gpu_layers, layers, threads, batch_size, parallel} = status
  // llama.cpp allocates more than a context may use.
  const {ctx_size} = status.config.model
  const {files} = await readGgufHeader(path)
  const model: ModelFile = {path, sha256: await contentDigest(files, signal), size_bytes, architecture, parameters}
  return {
    ...about,
    ...{model, url: null, served_model: null},
    engine: {llama_build, llama_commit, gpu, gpu_layers, layers, threads, ctx_size, batch_size, parallel},
  }
}
