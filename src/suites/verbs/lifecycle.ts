import {modelBytes} from '../bytes.js'
import {checkWrites} from '../confine.js'
import {backendOf, handleOf, type Frame, type StepValue} from '../frame.js'
import {StepFault} from '../step-fault.js'
import type {ArgumentsOf} from '../model.js'
import {toJsonText} from '../output.js'

export async function initBackend({config, strict = true}: InitArguments, frame: Frame): Promise<StepValue> {
  const {run} = frame
  if (run.backend !== undefined && !run.released)
    throw new StepFault('There is already a backend. Call deinit_backend first.')
  const text = config === undefined ? undefined : toJsonText(config)
  if (text !== undefined) checkWrites(text, frame)
  run.backend = await run.target.init(text, {strict})
  run.released = false
  return {}
}
type InitArguments = Partial<ArgumentsOf<'init_backend_with_config'>>

export async function deinitBackend(_args: object, frame: Frame): Promise<StepValue> {
  await backendOf(frame).deinit()
  frame.run.released = true
  return {}
}

export async function load(args: ArgumentsOf<'load'>, frame: Frame): Promise<StepValue> {
  const {encoding = 'ggml', target = 'cpu'} = args
  const bytes = await modelBytes(args, frame)
  return madeGraph(frame, await backendOf(frame).load([bytes], encoding, target, {signal: frame.signal}))
}

export async function loadByName(args: ModelArguments, frame: Frame): Promise<StepValue> {
  return madeGraph(frame, await backendOf(frame).loadByName(modelName(args, frame), {signal: frame.signal}))
}

export async function loadByNameWithConfig(
  args: ArgumentsOf<'load_by_name_with_config'>,
  frame: Frame,
): Promise<StepValue> {
  const name = modelName(args, frame)
  const config = toJsonText(args.config)
  return madeGraph(frame, await backendOf(frame).loadByNameWithConfig(name, config, {signal: frame.signal}))
}

export async function switchGraph(args: ArgumentsOf<'switch_graph'>, frame: Frame): Promise<StepValue> {
  const {graph, config, mode} = args
  const handle = handleOf(frame, 'graph', graph)
  const options = {signal: frame.signal, ...(mode !== undefined && {mode})}
  const text = config === undefined ? undefined : toJsonText(config)
  return {switched: await backendOf(frame).switchGraph(handle, modelName(args, frame), text, options)}
}

export async function unload({graph}: ArgumentsOf<'unload'>, frame: Frame): Promise<StepValue> {
  await backendOf(frame).unload(handleOf(frame, 'graph', graph))
  return {}
}

export async function initExecutionContext(
  {graph}: ArgumentsOf<'init_execution_context'>,
  frame: Frame,
): Promise<StepValue> {
  return madeContext(frame, await backendOf(frame).initExecutionContext(handleOf(frame, 'graph', graph)))
}

export async function initExecutionContextWithSessionId(
  {graph, session}: ArgumentsOf<'init_execution_context_with_session_id'>,
  frame: Frame,
): Promise<StepValue> {
  const handle = handleOf(frame, 'graph', graph)
  return madeContext(frame, await backendOf(frame).initExecutionContextWithSessionId(handle, session))
}

export async function closeExecutionContext(
  {context}: ArgumentsOf<'close_execution_context'>,
  frame: Frame,
): Promise<StepValue> {
  await backendOf(frame).closeExecutionContext(handleOf(frame, 'context', context))
  return {}
}

interface ModelArguments {
  model?: string
  name?: string
}

function modelName({model, name = ''}: ModelArguments, {run}: Frame): string {
  if (model === undefined) return name
  const path = run.testCase.suite.models[model]
  if (path === undefined) throw new StepFault(`There is no model "${model}" under \`models\`.`)
  return path
}

function madeGraph(frame: Frame, handle: number): StepValue {
  frame.current.graph = handle
  return {handle}
}

function madeContext(frame: Frame, handle: number): StepValue {
  frame.current.context = handle
  return {handle}
}
