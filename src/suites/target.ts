import type {Backend} from '../backend/contract/wasi-nn.js'
import type {AnswerRequest, RenderedPrompt} from '../backend/contract/core.js'
import type {ContextId, GraphId} from '../backend/contract/types.js'

export interface InitOptions {
  /** Whether a faulty configuration is an error; otherwise it gives defaults and warnings. */
  strict: boolean
}

/** Makes a backend from the text of a configuration, or from the defaults. */
export type BackendFactory = (config: string | undefined, options: InitOptions) => Promise<Backend>

/** What suites run against. They use the lifecycle's calls alone, so anything that has those can be tested. */
export interface Target {
  /** As it is called in reports. */
  name: string
  init: BackendFactory
  /** Scenarios that need it are skipped where it is missing. */
  probe?: Probe
}

/** A look behind the contract. */
export interface Probe {
  /** What is there of the backend outside this process's memory: engine processes, sockets, temporary files. */
  remains(backend: Backend): Promise<string[]>
  /** Kills the process that runs the graph, as a crash would. */
  killEngine(backend: Backend, graph: GraphId): Promise<void>
  /** The prompt that a question in a context would be answered for. */
  render(backend: Backend, context: ContextId, request: AnswerRequest): Promise<RenderedPrompt>
}
