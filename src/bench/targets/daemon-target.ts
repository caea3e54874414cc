import {NnError} from '../../errors.js'
import {RemoteCore} from '../../rpc/client/remote-core.js'
import {connectFor, findGraph} from '../../pick-model/daemon-model.js'
import {BackendTarget} from './backend-target.js'
import {describeGraph} from './describe.js'

/** Models of the daemon with their settings: those named, or all. Its other clients continue to use them, which affects the measurements. */
export async function openDaemonTargets(
  names: readonly string[],
  {socket, signal}: {socket: string; signal: AbortSignal},
): Promise<BackendTarget[]> {
  const targets: BackendTarget[] = []
  try {
    const first = await connectFor({socket, model: names[0], example: 'wnn bench model.gguf'})
    const all = await first.graphs().finally(() => first.deinit())
    const graphs = names.length === 0 ? all : names.map((name) => findGraph(all, name))
    for (const graph of graphs) {
      const subject = await describeGraph(graph, {name: `${graph.name} (daemon)`, kind: 'daemon', settings: {}}, signal)
      targets.push(new BackendTarget(await RemoteCore.connect(socket), graph.graph, subject))
    }
    if (targets.length === 0) {
      throw new NnError('model_not_found', 'The daemon has no model.', {hint: 'Load one: wnn load model.gguf'})
    }
    return targets
  } catch (error) {
    for (const target of targets) await target[Symbol.asyncDispose]()
    throw error
  }
}
