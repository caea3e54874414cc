import {Type, type Static} from '../../documents/index.js'
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
    priority: Type.Enum([...taskPriorities], {default: 'normal', description: 'Place of the request in the queue.'}),
    timeout_ms: timeLimit({
      description: 'What the request may take, from its start in the queue to the end of its answer. 0 is no limit.',
    }),
    system_prompt: Type.String({
      default: '',
      description: 'Instructions that go before the conversation, in mode `chat`; empty is none.',
    }),
    enable_log: Type.Boolean({default: true, description: "Logs the request's events."}),
    stream_stdout: Type.Boolean({default: false, description: 'Writes the answer to standard output as it comes.'}),
    deterministic: Type.Boolean({
      default: false,
      description: 'Computes the request in batches of its own, so that others cannot change its text.',
    }),
    prompt_mode: Type.Enum(['chat', 'raw'], {description: 'As `model.prompt_mode`, for this request.'}),
    history: Type.Union([Type.Array(turn), Type.Null()], {
      default: null,
      description:
        "Turns, as `{role, content}`, that replace the session's history before this request; `[]` starts anew, null goes on. Used up by the request: the next one goes on from there.",
    }),
  },
  {description: 'What a request may ask for besides the keys of `sampling` and `stopping`.'},
)
export type RequestSettings = Static<typeof request>
