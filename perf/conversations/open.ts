import type * as Library from '../../src/index.js'
import type {BackendStatus, ContextId, GraphId, InitOptions, LocalBackend, OutputMetadata} from '../../src/index.js'

/** The library. Scripts get it from the build, tests from the sources. */
export type Wnn = typeof Library

export interface Answer {
  text: string
  metadata: OutputMetadata
}

/** Resident memory, in bytes. */
export interface Resident {
  /** This process. */
  host: number
  engine: number
}

/** A backend with one model, and how to ask it. */
export interface Opened extends AsyncDisposable {
  backend: LocalBackend
  graph: GraphId
  /** Asks in a context, with runtime options for this question. */
  ask: (context: ContextId, prompt: string, options?: object) => Promise<Answer>
  /** Tokens that a message adds to a conversation, including those of the template around it. */
  countTokens: (message: string) => Promise<number>
  resident: () => Promise<Resident>
}

/** Greedy and without penalties: the fixture models' known answers need that. One thread leaves a core to the host. */
const base = {threads: 1, temp: 0, repeat_penalty: 1, default_task_timeout_ms: 3_600_000}

export async function open(
  {initBackend, readMetadata, readOutput, textTensor}: Wnn,
  model: string,
  config: object,
  options: Omit<InitOptions, 'config'> = {},
): Promise<Opened> {
  const backend = await initBackend({...options, config: {...base, ...config}, strict: true})
  try {
    const graph = await backend.loadByName(model)
    return {
      ...{backend, graph},
      ask: async (context, prompt, options = {}) => {
        await backend.setInput(context, 1, textTensor(JSON.stringify(options)))
        await backend.setInput(context, 0, textTensor(prompt))
        await backend.compute(context)
        return {text: await readOutput(backend, context), metadata: await readMetadata(backend, context)}
      },
      countTokens: async (message) => {
        const context = await backend.initExecutionContext(graph)
        await backend.setInput(context, 0, textTensor(message))
        const {input_tokens} = await readMetadata(backend, context)
        await backend.closeExecutionContext(context)
        return input_tokens
      },
      resident: async () => resident(await backend.status('memory')),
      [Symbol.asyncDispose]: () => backend.deinit(),
    }
  } catch (error) {
    await backend.deinit()
    throw error
  }
}

function resident({host_rss_bytes, graphs}: BackendStatus['memory']): Resident {
  return {host: host_rss_bytes, engine: graphs.reduce((sum, {engine_rss_bytes}) => sum + engine_rss_bytes, 0)}
}
