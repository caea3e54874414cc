import type {WireError} from '../../../../errors.js'
import type {ChatMessage} from '../../protocol.js'
import type {RenderedText} from '../prompt/chat-template.js'
import type {ListedToken} from '../prompt/special-tokens.js'
import type {RenderLimits} from './limits.js'

/** What a renderer knows of the model. Each process gets it before the first conversation. */
export interface RendererSetup {
  /** The template of the file or of the setting, if there is one. */
  template: string | undefined
  bos: string
  eos: string
  specials: readonly ListedToken[]
}

export interface RenderRequest {
  type: 'render'
  id: number
  messages: readonly ChatMessage[]
  variables: Record<string, unknown>
  limits: RenderLimits
}

/** From the engine to its renderer. */
export type ToRenderer = {type: 'setup'; setup: RendererSetup} | RenderRequest

/** Memory is that of the process after the rendering, in bytes. */
export type FromRenderer =
  | {type: 'rendered'; id: number; chat: RenderedText; memoryBytes: number}
  | {type: 'failed'; id: number; error: WireError; memoryBytes: number}

/** Part of the command line of each renderer, so that it can be found in the process list. */
export const rendererMark = 'wnn-renderer'
