import type {Frame, StepValue} from '../frame.js'
import type {ArgumentsOf, Verb} from '../model.js'
import * as inference from './inference.js'
import * as lifecycle from './lifecycle.js'
import * as observe from './observe.js'

/** Calls that run directly; `parallel` and `repeat` consist of other steps. */
export type PlainVerb = Exclude<Verb, 'parallel' | 'repeat'>

/** The handler of each call. */
export const handlers: {[V in PlainVerb]: (args: ArgumentsOf<V>, frame: Frame) => Promise<StepValue>} = {
  init_backend: lifecycle.initBackend,
  init_backend_with_config: lifecycle.initBackend,
  load: lifecycle.load,
  load_by_name: lifecycle.loadByName,
  load_by_name_with_config: lifecycle.loadByNameWithConfig,
  init_execution_context: lifecycle.initExecutionContext,
  init_execution_context_with_session_id: lifecycle.initExecutionContextWithSessionId,
  set_input: inference.setInput,
  compute: inference.compute,
  get_output: inference.getOutput,
  compute_single: inference.computeSingle,
  get_output_single: inference.getOutputSingle,
  fini_single: inference.finiSingle,
  run_inference: inference.runInference,
  render_prompt: inference.renderPrompt,
  close_execution_context: lifecycle.closeExecutionContext,
  finalize_execution_context: lifecycle.closeExecutionContext,
  switch_graph: lifecycle.switchGraph,
  unload: lifecycle.unload,
  get_backend_status: observe.getBackendStatus,
  deinit_backend: lifecycle.deinitBackend,
  wait_for: observe.waitFor,
  read_file: observe.readFileStep,
  check_released: observe.checkReleased,
  kill_engine: observe.killEngine,
}
