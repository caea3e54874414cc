import type {Answer, AnswerOptions, Core} from '../backend/contract/core.js'
import type {ContextId, OutputMetadata} from '../backend/contract/types.js'
import type {RuntimeOptions} from '../config/index.js'
import {toNnError, type NnError} from '../errors.js'
import {isDaemonGone} from '../rpc/client/is-daemon-gone.js'
import {addAnswer, noUsage} from './usage.js'

export interface Message {
  role: 'user' | 'assistant'
  content: string
}

/** The result of a question. A failure may follow a part of the answer. */
export interface Reply {
  text: string
  /** Absent when nothing was generated. */
  metadata?: OutputMetadata
  failure?: NnError
}

/** A question and the messages before it. */
interface Question {
  prompt: string
  before: readonly Message[]
}

/**
 * A conversation in one context. The backend keeps the session's history; this is the history as the user saw it. If
 * they differ (after load, clear or regenerate), the next question sends it.
 */
export class Conversation {
  messages: readonly Message[] = []
  usage = noUsage
  last: Reply | undefined
  /** Called with each prompt as the model gets it, before its answer. */
  onPrompt: ((text: string) => void) | undefined
  private asked: Question | undefined
  private parted = false

  constructor(
    private backend: Pick<Core, 'answer' | 'render'>,
    private context: ContextId,
    /** Apply to every question until they are changed. */
    public options: RuntimeOptions,
    private configuredMode: 'chat' | 'raw',
  ) {}

  /** Whether the backend's session lacks the last messages or changes. */
  get isParted(): boolean {
    return this.parted
  }

  /** Raw mode has no history. */
  get isRaw(): boolean {
    return (this.options.prompt_mode ?? this.configuredMode) === 'raw'
  }

  ask(prompt: string, how: AnswerOptions = {}): Promise<Reply> {
    return this.answer({prompt, before: this.messages}, how)
  }

  /** Answers the last question again and replaces its answer; `undefined` if there is none. */
  askAgain(how: AnswerOptions = {}): Promise<Reply> | undefined {
    return this.asked === undefined ? undefined : this.answer(this.asked, how)
  }

  clear(): void {
    this.restore([])
  }

  /** Continues from these messages. A last question without an answer can be answered with regenerate. */
  restore(messages: readonly Message[]): void {
    const at = messages.findLastIndex(({role}) => role === 'user')
    const question = messages[at]
    this.asked = question === undefined ? undefined : {prompt: question.content, before: messages.slice(0, at)}
    this.messages = at === messages.length - 1 ? messages.slice(0, Math.max(0, at)) : messages
    this.parted = true
    this.last = undefined
  }

  /** Continues from the backend's history of this session. */
  resume(messages: readonly Message[]): void {
    this.restore(messages)
    this.parted = this.messages.length < messages.length
  }

  /** Continues in another context; the next question sends the history. */
  moveTo(backend: Conversation['backend'], context: ContextId, configuredMode: 'chat' | 'raw'): void {
    this.backend = backend
    this.context = context
    this.configuredMode = configuredMode
    this.parted = true
  }

  private async answer(question: Question, how: AnswerOptions): Promise<Reply> {
    const {backend, context, isRaw} = this
    const {prompt, before} = question
    this.asked = question
    const brings = !isRaw && (this.parted || before !== this.messages)
    const options = {...this.options, ...(brings && {history: [...before]})}
    const {onText} = how
    let heard = ''
    const onPiece = (text: string): void => {
      heard += text
      onText?.(text)
    }
    const listener = {...how, ...(onText && {onText: onPiece})}
    const [target, request] = [{conversation: context}, {input: prompt, options}]
    const answered = async (): Promise<Answer> => {
      if (this.onPrompt !== undefined) this.onPrompt((await backend.render(target, request)).text)
      return backend.answer(target, request, listener)
    }
    const reply: Reply = await answered().then(
      (answer) => {
        if (!isRaw) this.keep(question, answer.text)
        return answer
      },
      (error: unknown) => {
        // A daemon keeps an answer whose caller it lost, so its session may differ from now on.
        if (isDaemonGone(error)) this.parted = true
        return failedReply(toNnError(error), heard, how)
      },
    )
    this.last = reply
    if (reply.metadata !== undefined) this.usage = addAnswer(this.usage, reply.metadata)
    return reply
  }

  /** Adds a turn as the backend does: failed ones and those without text are not in the history. */
  private keep({prompt, before}: Question, text: string): void {
    // An old answer stays if the new one has no text; the backend has the history that the question brought.
    this.parted = text === '' && before !== this.messages
    if (text === '') return
    this.messages = [...before, {role: 'user', content: prompt}, {role: 'assistant', content: text}]
  }
}

/** The part of a failed answer; if the backend is gone, the text that was received. */
function failedReply(failure: NnError, heard: string, {signal}: AnswerOptions): Reply {
  const {partial} = failure
  if (partial !== undefined && partial.text !== '') {
    // Of an answer whose engine died nothing is counted.
    const isCounted = 'output_tokens' in partial.metadata
    return {text: partial.text, failure, ...(isCounted && {metadata: partial.metadata as OutputMetadata})}
  }
  if (heard !== '') return {text: heard, failure}
  // The user stopped it while it waited, which is not a failure.
  return signal?.aborted === true ? {text: ''} : {text: '', failure}
}
