import {NnError} from '../../errors.js'
import type {NnRequest} from '../abi/messages.js'
import {GuestHost, type GuestHostOptions} from '../host/guest-host.js'
import type {NnBackend} from '../host/nn-backend.js'
import {
  executionTargets,
  Graph,
  graphEncodings,
  GraphExecutionContext,
  NnComponentError,
  ResultError,
  Tensor,
  type ComponentHost,
  type ExecutionTarget,
  type GraphEncoding,
} from './resources.js'

export type {GuestHostOptions, NnBackend}

/** The imports of `wasi:nn` for one component. Disposing releases what the component loaded. */
export interface WasiNnImports extends AsyncDisposable {
  imports: {
    'wasi:nn/tensor': {Tensor: typeof Tensor}
    'wasi:nn/errors': {Error: typeof NnComponentError}
    'wasi:nn/inference': {GraphExecutionContext: typeof GraphExecutionContext}
    'wasi:nn/graph': {
      Graph: typeof Graph
      load: (builders: Uint8Array[], encoding: GraphEncoding, target: ExecutionTarget) => Promise<Graph>
      loadByName: (name: string) => Promise<Graph>
    }
  }
}

/** The functions that wait for the backend: jco needs their names as `asyncImports`, in the mode `jspi`. */
export const asyncImports: readonly string[] = [
  'wasi:nn/graph@0.2.0-rc-2024-10-28#load',
  'wasi:nn/graph@0.2.0-rc-2024-10-28#load-by-name',
  'wasi:nn/graph@0.2.0-rc-2024-10-28#[method]graph.init-execution-context',
  'wasi:nn/inference@0.2.0-rc-2024-10-28#[method]graph-execution-context.compute',
]

/**
 * `wasi:nn` (0.2.0-rc-2024-10-28) on a backend, for a component that jco transpiled with `instantiation: 'async'`. The
 * semantics are those of core modules: prompts are raw, and configurations have WasmEdge's option names.
 */
export function wasiNnImports(backend: NnBackend, options: GuestHostOptions = {}): WasiNnImports {
  const guest = new GuestHost(backend, options)
  const left = new Set<Promise<unknown>>()
  const host: ComponentHost = {
    perform: (request) => guest.perform(request),
    later(work) {
      // A resource may be dropped after its graph is gone.
      const done = work.catch((error: unknown) => {
        if (!(error instanceof NnError)) throw error
      })
      left.add(done)
      void done.finally(() => left.delete(done))
    },
  }
  const load = async (request: NnRequest): Promise<Graph> => {
    try {
      const {value = 0} = await guest.perform(request)
      return new Graph(host, value)
    } catch (error) {
      throw new ResultError(error)
    }
  }
  return {
    imports: {
      'wasi:nn/tensor': {Tensor},
      'wasi:nn/errors': {Error: NnComponentError},
      'wasi:nn/inference': {GraphExecutionContext},
      'wasi:nn/graph': {
        Graph,
        load: (builders, encoding, target) =>
          load({
            call: 'load',
            builders,
            encoding: graphEncodings.indexOf(encoding),
            target: executionTargets.indexOf(target),
          }),
        loadByName: (name) => load({call: 'load_by_name', name}),
      },
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all(left)
      await guest.dispose()
    },
  }
}
