import {NnError} from '../../../../errors.js'
import type {ChatMessage, EngineOptions} from '../../protocol.js'
import {otherTemplate} from '../prompt/chat-template.js'
import type {TemplateRenderer} from './template-renderer.js'

/** Conversations that a template may know: some reject a system prompt, or want one, or reject an answer. */
const trials: readonly (readonly ChatMessage[])[] = [
  [{role: 'user', content: 'Hello'}],
  [
    {role: 'system', content: 'Be brief.'},
    {role: 'user', content: 'Hello'},
  ],
  [
    {role: 'user', content: 'Hello'},
    {role: 'assistant', content: 'Yes?'},
    {role: 'user', content: 'Thanks'},
  ],
]

/** Whether a model is loaded for chats. Raw prompts need no template, and a file with a pooling is for embeddings. */
export function needsTemplate({model, header}: Pick<EngineOptions, 'model' | 'header'>): boolean {
  return model.prompt_mode === 'chat' && header.pooling === 0
}

/**
 * Renders short conversations until one succeeds.
 * @throws `invalid_template` if the template cannot be read, reaches a limit, ends its process or rejects all of them
 */
export async function checkTemplate(
  templates: Pick<TemplateRenderer, 'render'>,
  variables: Record<string, unknown>,
): Promise<void> {
  let rejection: NnError | undefined
  for (const messages of trials) {
    try {
      await templates.render(messages, variables)
      return
    } catch (error) {
      if (!(error instanceof NnError && error.reason === 'conversation_rejected')) throw error
      rejection ??= error
    }
  }
  const why = rejection?.message.replace(/^The model's chat template rejected the conversation: /, '') ?? ''
  throw new NnError('invalid_template', `The model's chat template rejects every conversation: ${why}`, {
    hint: otherTemplate,
    cause: rejection,
  })
}
