import type {ComputeOptions, OutputMetadata} from '../backend/contract/types.js'
import {NnError, toNnError} from '../errors.js'
import type {GraphStatus} from '../backend/contract/status.js'
import type {Chat, Fact} from './chat.js'
import {completeLine} from './complete-line.js'
import type {Reply} from './conversation.js'
import {LineEditor} from './line-editor.js'
import {emptyDraft, takeLine, typedForm, type Draft, type Entry} from './multiline.js'
import type {OpenChat} from './open-chat.js'
import type {PromptHistory} from './prompt-history.js'
import type {Screen} from './screen.js'
import {runSlashCommand} from './slash-commands.js'
import {droppedLine} from './stats.js'

/** Exit code after Ctrl-C, as shells have it for SIGINT. */
const interruptedExit = 130

export interface InteractiveOptions {
  chat: OpenChat
  history: PromptHistory
  screen: Screen
  input: NodeJS.ReadStream
  /** Whether to print statistics after each answer. */
  stats: boolean
  /** Ends the chat and stops a running answer. */
  signal: AbortSignal
}

/** Runs a conversation on a terminal until the user leaves. Returns the exit code. */
export async function converse(options: InteractiveOptions): Promise<number> {
  const {history, screen, input, signal} = options
  using editor = new LineEditor({
    input,
    output: screen.out,
    history: history.lines,
    onHistory: () => history.refresh(),
    complete: completeLine,
  })
  const close = (): void => editor[Symbol.dispose]()
  signal.addEventListener('abort', close, {once: true})
  try {
    const code = await new Talk(options, editor).run()
    signal.throwIfAborted()
    return code
  } finally {
    signal.removeEventListener('abort', close)
  }
}

type Ask = (how: ComputeOptions) => Promise<Reply | undefined>

class Talk implements Chat {
  readonly conversation
  private draft: Draft = emptyDraft
  private exitCode: number | undefined
  private interrupts = 0
  /** Messages that the last prompt lacked. */
  private dropped = 0

  constructor(
    private readonly options: InteractiveOptions,
    private readonly editor: LineEditor,
  ) {
    this.conversation = options.chat.conversation
  }

  get model(): GraphStatus {
    return this.options.chat.model
  }

  async run(): Promise<number> {
    while (this.exitCode === undefined && !this.options.signal.aborted) await this.turn()
    return this.exitCode ?? 0
  }

  readonly say = (text: string): void => this.options.screen.say(text)

  readonly show = (facts: readonly Fact[]): void => this.options.screen.show(facts)

  readonly contextTokens = (): Promise<number | undefined> => this.options.chat.contextTokens()

  readonly leave = (code = 0): void => {
    this.exitCode ??= code
  }

  readonly answerAgain = async (): Promise<boolean> => {
    let isAsked = true
    await this.answer(async (how) => {
      const reply = this.conversation.askAgain(how)
      isAsked = reply !== undefined
      return reply
    })
    return isAsked
  }

  private async turn(): Promise<void> {
    const {screen} = this.options
    const typed = await this.editor.read(screen.prompt(this.draft.state === 'empty'))
    switch (typed.kind) {
      case 'end':
        screen.newLine()
        this.leave()
        break
      case 'interrupt':
        this.interrupted(typed.hadText)
        break
      case 'line':
        this.interrupts = 0
        await this.lineTyped(typed.text)
    }
  }

  private interrupted(hadText: boolean): void {
    const {screen} = this.options
    const hadDraft = hadText || this.draft.state !== 'empty'
    this.draft = emptyDraft
    this.interrupts = hadDraft ? 0 : this.interrupts + 1
    if (hadDraft) return
    screen.newLine()
    if (this.interrupts > 1) this.leave(interruptedExit)
    else screen.note('Press Ctrl-C again or Ctrl-D to leave.')
  }

  private async lineTyped(text: string): Promise<void> {
    const {draft, entry} = takeLine(this.draft, text)
    this.draft = draft
    if (entry === undefined) return
    this.remember(entry, text)
    try {
      if (entry.kind === 'prompt') await this.answer((how) => this.conversation.ask(entry.text, how))
      else await runSlashCommand(this, entry.name, entry.argument)
    } catch (error) {
      // A chat continues after a failed turn. An error that is not an NnError is a bug and ends it.
      if (!(error instanceof NnError)) throw error
      this.options.screen.fail(error)
    }
  }

  private remember(entry: Entry, line: string): void {
    const {history, screen} = this.options
    try {
      history.add(entry.kind === 'prompt' ? typedForm(entry.text) : line)
    } catch (error) {
      screen.fail(toNnError(error))
    }
  }

  /** Shows an answer while it is generated. Ctrl-C stops it and keeps the text; a second one does not wait. */
  private async answer(ask: Ask): Promise<void> {
    const {screen, signal, stats} = this.options
    const stop = new AbortController()
    const hasLeft = new Promise<undefined>((resolve) => {
      this.editor.onInterrupt = () => {
        if (stop.signal.aborted) {
          this.leave(interruptedExit)
          resolve(undefined)
        } else stop.abort()
      }
    })
    using view = screen.beginAnswer()
    const how = {signal: AbortSignal.any([signal, stop.signal]), onText: (text: string) => view.add(text)}
    const reply = await Promise.race([hasLeft, this.reopening(ask, how)])
    view.end()
    if (reply === undefined) return
    this.tellDropped(reply.metadata)
    if (stats && reply.metadata !== undefined) screen.stats(reply.metadata)
    else if (reply.text === '' && stop.signal.aborted) screen.note('stopped')
    if (reply.failure === undefined) return
    screen.fail(reply.failure)
    if (reply.text !== '' && !this.conversation.isRaw) screen.note('The history is as before. /regen asks again.')
  }

  /** Once for each number: a conversation that no longer fits lacks messages in every further prompt. */
  private tellDropped(metadata: OutputMetadata | undefined): void {
    const dropped = metadata?.dropped_messages ?? 0
    const line = metadata === undefined || dropped === this.dropped ? undefined : droppedLine(metadata)
    if (metadata !== undefined) this.dropped = dropped
    if (line !== undefined) this.options.screen.note(line)
  }

  /** Retries once if there was no text because the daemon no longer has the chat, and it could be reopened. */
  private async reopening(ask: Ask, how: ComputeOptions): Promise<Reply | undefined> {
    const {chat, screen} = this.options
    const reply = await ask(how).catch((error: unknown): Reply => {
      if (!(error instanceof NnError)) throw error
      return {text: '', failure: error}
    })
    if (reply?.failure === undefined || reply.text !== '' || !(await chat.reopen())) return reply
    screen.note(`The chat was reopened: model ${chat.model.name}, session ${chat.session}.`)
    return ask(how)
  }
}
