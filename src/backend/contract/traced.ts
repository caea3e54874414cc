import {toNnError} from '../../errors.js'
import type {TracedCall} from '../../system/trace-file.js'
import {tracedValue} from '../../system/traced-value.js'
import type {Backend} from './wasi-nn.js'

type Method = Exclude<Extract<keyof Backend, string>, 'status'>

/** The names that a trace has, and those of the arguments. */
const calls: Readonly<Record<Method, readonly [name: string, ...args: string[]]>> = {
  load: ['load', 'builders', 'encoding', 'target', 'options'],
  loadByName: ['load_by_name', 'name', 'options'],
  loadByNameWithConfig: ['load_by_name_with_config', 'name', 'config', 'options'],
  initExecutionContext: ['init_execution_context', 'graph', 'options'],
  initExecutionContextWithSessionId: ['init_execution_context_with_session_id', 'graph', 'session', 'options'],
  setInput: ['set_input', 'context', 'index', 'tensor'],
  compute: ['compute', 'context', 'options'],
  getOutput: ['get_output', 'context', 'index', 'buffer'],
  computeSingle: ['compute_single', 'context', 'options'],
  getOutputSingle: ['get_output_single', 'context', 'index', 'buffer'],
  finiSingle: ['fini_single', 'context'],
  runInference: ['run_inference', 'context', 'index', 'tensor', 'buffer', 'runtime_options', 'options'],
  closeExecutionContext: ['close_execution_context', 'context'],
  switchGraph: ['switch_graph', 'graph', 'name', 'config', 'options'],
  unload: ['unload', 'graph'],
  getBackendStatus: ['get_backend_status', 'type', 'buffer'],
  deinit: ['deinit_backend'],
}

/** The same backend; `onCall` gets each of its WASI-NN calls after its end. Texts of more than 200 characters are cut. */
export function traceBackend<B extends Backend>(backend: B, onCall: (call: TracedCall) => void): B {
  return new Proxy(backend, {
    get(target, property) {
      const value: unknown = Reflect.get(target, property, target)
      if (typeof value !== 'function') return value
      if (!Object.hasOwn(calls, property)) return value.bind(target) as unknown
      return traced(value.bind(target) as Call, property as Method, onCall)
    },
  })
}

type Call = (...args: unknown[]) => Promise<unknown>

function traced(run: Call, method: Method, onCall: (call: TracedCall) => void): Call {
  const [call, ...names] = calls[method]
  return async (...given) => {
    const startMs = performance.now()
    const args = Object.fromEntries(given.map((value, index) => [names[index] ?? String(index), tracedValue(value)]))
    try {
      const result = await run(...given)
      const shown = result === undefined ? {} : {result: tracedValue(result)}
      onCall({call, args, ...shown, startMs, endMs: performance.now()})
      return result
    } catch (thrown) {
      const {code, reason, message} = toNnError(thrown)
      onCall({call, args, error: {code, reason, message}, startMs, endMs: performance.now()})
      throw thrown
    }
  }
}
