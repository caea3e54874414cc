import path from 'node:path'
import {reasons, NnError, toNnError} from '../../errors.js'
import type {GraphId} from '../../backend/contract/types.js'
import type {SwitchMode, SwitchPhase, SwitchOptions, SwitchReport} from '../../backend/contract/switch.js'
import {RemoteCore} from '../../rpc/client/remote-core.js'
import type {GraphStatus} from '../../backend/contract/status.js'
import {graphOf} from '../../rpc/graph-of.js'
import {sanitize} from '../../terminal/sanitize.js'
import type {Output} from '../../terminal/style.js'
import {bytes, plural, table} from '../../terminal/units.js'
import {PhaseList} from './phase-list.js'

export interface SwitchRequest {
  file: string
  /** Name or id of the graph to switch; the daemon's only one when absent. */
  model: string | undefined
  mode: SwitchMode
  /** The new model's configuration, by own names in their sections. */
  config: object
  socket: string
  /** Where to show the phases; absent: nowhere. */
  progress: Output | undefined
  signal: AbortSignal
}

/** The new model could not be loaded, for any reason. For scripts this is one case, different from a wrong flag. */
class SwitchFailed extends NnError {
  constructor(
    {reason, message}: NnError,
    hint: string,
    /** Whether the old model is ready. */
    readonly answers: boolean,
  ) {
    super(reason, message, {hint})
  }

  override get exitCode(): number {
    return reasons.runtime_error.exit
  }
}

/**
 * Replaces the model of a graph in the daemon.
 *
 * @throws `SwitchFailed`, with the code of what went wrong, when the daemon cannot load the new model.
 */
export async function switchModel(request: SwitchRequest): Promise<SwitchReport> {
  const {file, mode, config, socket, progress, signal} = request
  await using backend = await RemoteCore.connect(socket)
  const graphs = await backend.graphs()
  const {graph, name} = chooseGraph(graphs, request.model)
  const change = (listener: SwitchOptions = {}): Promise<SwitchReport> =>
    backend.switchModel(graph, {name: file, config}, {...listener, mode, signal}).catch(async (error: unknown) => {
      throw await explained(toNnError(error), backend, graph)
    })
  if (progress === undefined) return await change()
  progress.write(sanitize(`Switching ${name} to ${path.basename(file)}\n`))
  const phases = await PhaseList.open(progress)
  let reached: SwitchPhase | undefined
  try {
    const report = await change({
      onPhase: (phase) => {
        reached = phase
        phases.begin(phase)
      },
      onProgress: (fraction) => phases.progress(fraction),
    })
    await phases.end()
    return report
  } catch (error) {
    // The phase before failed, and the list has shown it.
    const isRolledBack = reached === 'rollback' && error instanceof SwitchFailed && error.answers
    await phases.end(isRolledBack ? undefined : toNnError(error).code)
    throw error
  }
}

/** With the current state of the graph. */
async function explained(error: NnError, backend: RemoteCore, graph: GraphId): Promise<NnError> {
  const {hint} = error
  const graphs = await backend.graphs()
  const still = graphs.find((one) => one.graph === graph)
  const state = still === undefined ? 'This graph no longer exists.' : stateOf(still)
  return new SwitchFailed(error, hint === undefined ? state : `${hint}\n${state}`, still?.state === 'ready')
}

function stateOf({name, path: file, state}: GraphStatus): string {
  if (state === 'switching') return `Another switch of ${name} is running.`
  return state === 'ready'
    ? `${name} still answers with ${path.basename(file)}.`
    : `${name} keeps ${path.basename(file)}, but is ${state}. Run wnn status --why.`
}

/** @throws `model_not_found` if the graph is not unique. */
function chooseGraph(graphs: readonly GraphStatus[], wanted: string | undefined): GraphStatus {
  const names = graphs.map(({graph, name}) => `${name} (graph ${graph})`).join(', ')
  const [only] = graphs
  if (wanted === undefined && graphs.length === 1 && only !== undefined) return only
  const found = wanted === undefined ? undefined : graphOf(graphs, wanted)
  if (found !== undefined) return found
  const what =
    wanted === undefined ? `The daemon has ${plural(graphs.length, 'model')}` : `The daemon has no model ${wanted}`
  throw new NnError('model_not_found', `${what}.`, {
    hint: names === '' ? 'Load one first: wnn load model.gguf' : `Choose one with --model. It has ${names}.`,
  })
}

export function renderSwitch(report: SwitchReport): string {
  const {from, to, mode, mode_reason, phases, served, downtime_ms} = report
  return table([
    ['from', from],
    ['to', to],
    ['mode', mode_reason === undefined ? mode : `${mode} (${mode_reason})`],
    ['phases', phases.map(({phase, ms}) => `${phase} ${Math.round(ms)} ms`).join(', ')],
    ['served during switch', plural(served, 'task')],
    ['downtime', `${Math.round(downtime_ms)} ms`],
    ['memory', `${bytes(report.memory_before_bytes)} before, ${bytes(report.memory_after_bytes)} after`],
  ]).join('\n')
}
