import {NnError} from '../../errors.js'
import {RemoteCore} from '../../rpc/client/remote-core.js'
import {BackendTarget} from './backend-target.js'
import {describeGraph} from './describe.js'

/** Models of the daemon with their settings. Its other clients continue to use them, which affects the measurements. */
export async function openDaemonTargets(
  names: readonly string[],
  {socket, signal}: {socket: string; signal: AbortSignal},
): Promise<BackendTarget[]> {
  const targets: BackendTarget[] = []
  try {
    const first = await RemoteCore.connect(socket)
    const graphs = await first.graphs().finally(() => first.deinit())
    for (const graph of graphs) {
      if (names.length > 0 && !names.includes(graph.name)) continue
      const subject = await describeGraph(graph, {name: `${graph.name} (daemon)`, kind: 'daemon', settings: {}}, signal)
      targets.push(new BackendTarget(await RemoteCore.connect(socket), graph.graph, subject))
    }
    const known = graphs.map(({name}) => name)
    const unknown = names.find((name) => !known.includes(name))
    if (unknown !== undefined) {
      const hint = `It has ${known.join(', ') || 'none'}.`
      throw new NnError('model_not_found', `The daemon has no model named ${unknown}.`, {hint})
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
