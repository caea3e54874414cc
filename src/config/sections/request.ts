import {Type, type Static} from '../../documents/index.js'
import {templateVariables} from './template-variables.js'
import {timeLimit} from './time-limit.js'

/** From first to last to give way. */
export const taskPriorities = ['low', 'normal', 'high', 'urgent'] as const
export type TaskPriority = (typeof taskPriorities)[number]

const turn = Type.Object(
  {role: Type.Enum(['user', 'assistant']), content: Type.String()},
  {additionalProperties: false},
)

export const request = Type.Object(
  {
    priority: Type.Enum([...taskPriorities], {default: 'normal', description: 'Priority of the request in the queue.'}),
    timeout_ms: timeLimit({
      description: 'Time limit of the request, from its start in the queue to the end of its answer. 0 is no limit.',
    }),
    system_prompt: Type.String({
      default: '',
      description: 'The system prompt, in mode `chat`; empty is none.',
    }),
    enable_log: Type.Boolean({default: true, description: "Logs the request's events."}),
    stream_stdout: Type.Boolean({
      default: false,
      description: 'Writes the answer to standard output while it is generated.',
    }),
    deterministic: Type.Boolean({
      default: false,
      description: 'Decodes the request alone, so that other requests cannot change its text.',
    }),
    prompt_mode: Type.Enum(['chat', 'raw'], {description: 'Like `model.prompt_mode`, for this request.'}),
    template_variables: templateVariables(
      'Variables for the chat template, by name, besides those of `model.template_variables`.',
    ),
    history: Type.Union([Type.Array(turn), Type.Null()], {
      default: null,
      description:
        "Messages (`{role, content}`) that replace the session's history before this request. `[]` starts with an empty history; null keeps the history. Applies once: the next request continues the conversation.",
    }),
  },
  {description: 'Options of a request besides the keys of `sampling` and `stopping`.'},
)
export type RequestSettings = Static<typeof request>
