import {fileURLToPath} from 'node:url'
import {initBackend, textTensor, type InitOptions, type LocalBackend, type OutputMetadata} from '../../src/index.js'
import {readMetadata, readOutput} from '../../src/backend/contract/read-output.js'

const fixture = (name: string): string => fileURLToPath(new URL(`../../fixtures/${name}`, import.meta.url))

export const qwen = fixture('models/tiny-qwen2-chat.gguf')
export const qwenQ8 = fixture('models/tiny-qwen2-chat-q8_0.gguf')
export const phi3 = fixture('models/tiny-phi3-chat.gguf')

export interface Opened {
  backend: LocalBackend
  graph: number
  context: number
}

/**
 * A backend with one model loaded and one context open. Greedy and without penalties, as the fixture models' known
 * answers are, unless the configuration says otherwise.
 */
export async function openBackend(
  config: object = {},
  {model = qwen, ...options}: InitOptions & {model?: string} = {},
): Promise<Opened> {
  const backend = await initBackend({...options, config: JSON.stringify({temp: 0, repeat_penalty: 1, ...config})})
  try {
    const graph = await backend.loadByName(model)
    return {backend, graph, context: await backend.initExecutionContext(graph)}
  } catch (error) {
    await backend.deinit()
    throw error
  }
}

export interface Answer {
  text: string
  metadata: OutputMetadata
}

/** Asks in a context, with runtime options for this question. */
export async function ask(
  {backend, context}: Pick<Opened, 'backend' | 'context'>,
  prompt: string,
  options: object = {},
): Promise<Answer> {
  await backend.setInput(context, 1, textTensor(JSON.stringify(options)))
  await backend.setInput(context, 0, textTensor(prompt))
  await backend.compute(context)
  return {text: await readOutput(backend, context), metadata: await readMetadata(backend, context)}
}

/** Asks in a context and session of its own. */
export async function askAfresh(opened: Opened, prompt: string, options: object = {}): Promise<Answer> {
  const context = await opened.backend.initExecutionContext(opened.graph)
  try {
    return await ask({backend: opened.backend, context}, prompt, options)
  } finally {
    await opened.backend.closeExecutionContext(context)
  }
}
