import {NnError, toNnError} from '../../errors.js'
import type {NnReply, NnRequest} from '../abi/messages.js'
import {errnoOf, errnos, encodings, targets} from '../abi/numbers.js'
import {GraphTable, type GraphSettings} from './graph-table.js'
import {ContextTable} from './context-table.js'
import {requireLoaded} from './guest-objects.js'
import type {NnBackend} from './nn-backend.js'

export interface GuestHostOptions extends GraphSettings {
  /** Receives the text of contexts with `stream-stdout`. The call of the guest ends after the promise. */
  onText?: (text: string) => Promise<void> | void
  /** Ends running computations. */
  signal?: AbortSignal
  /** Called after each call. */
  onCall?: (call: FinishedCall) => void
}

/** A call with what it gave. */
export interface FinishedCall {
  request: NnRequest
  reply: NnReply
  /** Why it failed; absent for a call that succeeded. */
  error?: NnError
  /** `performance.now()` at its start and its end. */
  startMs: number
  endMs: number
}

/**
 * The calls of one guest on a backend. It has the guest's handles, so a guest reaches nothing that another one made, and
 * the semantics that guests for WasmEdge rely on. It never throws: every failure is an errno.
 */
export class GuestHost {
  private readonly graphs: GraphTable
  private readonly contexts: ContextTable

  constructor(
    backend: NnBackend,
    private readonly options: GuestHostOptions,
  ) {
    this.graphs = new GraphTable(backend, options)
    this.contexts = new ContextTable(backend, this.graphs, options)
  }

  async handle(request: NnRequest): Promise<NnReply> {
    const startMs = performance.now()
    const done = (reply: NnReply, error?: NnError): NnReply => {
      this.options.onCall?.({request, reply, startMs, endMs: performance.now(), ...(error !== undefined && {error})})
      return reply
    }
    try {
      return done({errno: errnos.success, ...(await this.perform(request))})
    } catch (thrown) {
      const error = toNnError(thrown, 'runtime_error')
      if (request.call === 'unreadable') return done({errno: request.errno}, error)
      const needed = error.neededBytes === undefined ? {} : {value: error.neededBytes}
      return done({errno: errnoOf(error), ...needed}, error)
    }
  }

  /** Releases all graphs and contexts of the guest. */
  async dispose(): Promise<void> {
    await this.contexts.dispose()
    await this.graphs.dispose()
  }

  /** The call without the errno. @throws `NnError`. */
  async perform(request: NnRequest): Promise<Omit<NnReply, 'errno'>> {
    const {graphs, contexts} = this
    switch (request.call) {
      case 'load':
        return {value: await this.load(request)}
      case 'load_by_name':
        return {value: await graphs.loadByName(request.name)}
      case 'load_by_name_with_config':
        return {value: await graphs.loadByName(request.name, request.config)}
      case 'init_execution_context':
        return {value: await contexts.open(request.graph)}
      case 'set_input':
        return this.nothing(contexts.setInput(request.context, request.index, request.tensor))
      case 'compute':
        return this.nothing(contexts.compute(request.context))
      case 'compute_single':
        return this.nothing(contexts.computeSingle(request.context))
      case 'get_output':
        return contexts.output(request.context, 'answer', request.index, request.size)
      case 'get_output_single':
        return contexts.output(request.context, 'step', request.index, request.size)
      case 'fini_single':
        return this.nothing(contexts.finiSingle(request.context))
      case 'unload':
        return this.nothing(this.unload(request.graph))
      case 'finalize_execution_context':
        return this.nothing(contexts.close(request.context))
      case 'unreadable':
        throw new NnError('invalid_argument', request.message)
    }
  }

  private async nothing(call: Promise<void>): Promise<Omit<NnReply, 'errno'>> {
    await call
    return {}
  }

  private async load({builders, encoding, target}: NnRequest & {call: 'load'}): Promise<number> {
    const encodingName = encodings[encoding]
    if (encodingName === undefined) throw new NnError('invalid_encoding', `There is no graph encoding ${encoding}.`)
    const targetName = targets[target]
    if (targetName === undefined) throw new NnError('invalid_argument', `There is no execution target ${target}.`)
    return this.graphs.load(builders, encodingName, targetName)
  }

  private async unload(handle: number): Promise<void> {
    const graph = this.graphs.get(handle)
    requireLoaded(graph)
    graph.state = 'unloaded'
    // The guest may still read what its contexts computed.
    await this.contexts.closeAll(graph)
    await this.graphs.unload(handle)
  }
}
