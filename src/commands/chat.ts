import path from 'node:path'
import {Flags} from '@oclif/core'
import {NnError, toNnError} from '../errors.js'
import type {SessionsStatus} from '../backend/contract/status.js'
import {modelFlags} from '../chat/flags.js'
import {describeContinuation} from '../chat/continuation.js'
import {converse} from '../chat/interactive.js'
import {joinInput} from '../chat/join-input.js'
import {isDaemonGone} from '../rpc/client/is-daemon-gone.js'
import {answerOnce, readPrompt, type ChatResult} from '../chat/one-shot.js'
import type {OpenChat} from '../chat/open-chat.js'
import {prepareChat} from '../chat/prepare-chat.js'
import {PromptHistory} from '../chat/prompt-history.js'
import {Screen} from '../chat/screen.js'
import {BaseCommand} from '../cli/base-command.js'
import {formerModelFlags, givenModel, modelArgument, modelFlag} from '../cli/model-flag.js'
import {socketFlag} from '../cli/socket-flag.js'
import {socketPath} from '../rpc/socket-path.js'

export default class Chat extends BaseCommand {
  static override summary = 'Chat with a model.'
  static override description = `On a terminal this is a conversation; /help lists its commands. Otherwise the whole standard input is one prompt, and the answer goes to standard output. If the daemon has loaded the model, the chat uses it there.

Exit codes: 0 left or answered; 2 a file, flag or prompt is not usable; 3 the engine failed or no daemon is running; 129, 130, 143 ended by SIGHUP, SIGINT, SIGTERM.`
  static override examples = [
    '<%= config.bin %> chat model.gguf',
    '<%= config.bin %> chat qwen',
    'echo "What is the capital of France?" | <%= config.bin %> chat model.gguf',
    '<%= config.bin %> chat model.gguf --prompt "Tell me a story." --temp 0 --json',
    '<%= config.bin %> chat model.gguf --state-dir ~/chats --session holidays',
  ]
  static override renamedFlags = formerModelFlags
  static override args = {model: modelArgument}
  static override flags = {
    ...modelFlags,
    ...socketFlag,
    model: modelFlag,
    local: Flags.boolean({description: 'Load the model here even if the daemon has it.'}),
    prompt: Flags.string({
      char: 'p',
      description: 'Answer this prompt and exit. Text that is piped in follows it, after an empty line.',
    }),
    session: Flags.string({description: 'Open the session with this id. Defaults to a new one.', helpValue: 'id'}),
    stats: Flags.boolean({
      allowNo: true,
      description: 'Print tokens and times after each answer, on standard error. On by default in a conversation.',
    }),
    'verbose-prompt': Flags.boolean({
      description: 'Print each prompt as the model gets it, on standard error, before its answer.',
    }),
    history: Flags.boolean({
      allowNo: true,
      default: true,
      description: 'Keep typed prompts for the Up key of later chats.',
    }),
    'history-file': Flags.string({description: 'Keep typed prompts in this file.', helpValue: 'file'}),
  }

  /** Whether an interruption leaves the cursor where `^C` was shown. */
  private hasOpenLine = true

  async run(): Promise<ChatResult | undefined> {
    const {args, flags} = await this.parse(Chat)
    const {signal} = this
    // An error of the display must not lose the answer.
    process.stderr.on('error', () => undefined)
    const isConversation = flags.prompt === undefined && process.stdin.isTTY && process.stdout.isTTY
    if (isConversation && this.jsonEnabled()) {
      throw new NnError('invalid_argument', '--json needs a single prompt.', {hint: 'Pipe it in, or use --prompt.'})
    }
    await using prepared = await prepareChat({
      ...{model: givenModel(args.model, flags.model), local: flags.local, socket: socketPath(flags.socket)},
      ...{flags, session: flags.session, progress: process.stderr, signal},
    })
    this.warnOf(prepared.warnings)
    const prompt = isConversation ? '' : await this.promptFrom(flags.prompt)

    const screen = new Screen(process.stdout, process.stderr)
    const history = isConversation ? this.openHistory(flags, screen) : PromptHistory.open(undefined)
    await using chat = await prepared.open()
    this.warnOf(chat.model.warnings)
    if (flags['verbose-prompt']) chat.conversation.onPrompt = (text) => screen.note(text)
    const {whyNew} = chat
    if (!isConversation) {
      if (whyNew !== undefined) this.tell('note', whyNew)
      this.hasOpenLine = !process.stdout.isTTY || this.jsonEnabled()
      const answer = await answerOnce(chat, {
        prompt,
        out: this.jsonEnabled() ? undefined : process.stdout,
        stats: orElse(flags.stats, false) ? process.stderr : undefined,
        tell: (text) => this.tell('note', text),
        signal,
      })
      await this.keptSessions(chat)
      return answer
    }
    screen.greet(chat.model)
    if (whyNew !== undefined) screen.note(whyNew)
    else if (prepared.isKept) screen.greetSession(chat.session, chat.conversation.messages.length)
    this.hasOpenLine = false
    const code = await converse({chat, history, screen, input: process.stdin, stats: orElse(flags.stats, true), signal})
    process.exitCode = code
    const {session, host, conversation} = chat
    const sessions = await this.keptSessions(chat)
    const how =
      sessions === undefined || conversation.messages.length === 0
        ? undefined
        : describeContinuation(session, sessions, {host, parted: conversation.isParted})
    if (how !== undefined) screen.note(how)
    return undefined
  }

  protected override catch(error: Error): Promise<never> {
    if (this.hasOpenLine) this.endInterruptedLine()
    return super.catch(error)
  }

  /** The session status at the end; `undefined`, with a warning, if the conversation was not kept. */
  private async keptSessions(chat: OpenChat): Promise<SessionsStatus | undefined> {
    try {
      const status = await chat.sessions()
      if (status.write_error === null) return status
      this.tell('warning', `The conversation could not be written: ${status.write_error}`)
    } catch (error) {
      if (!isDaemonGone(error)) throw error
      this.tell('warning', 'The connection to the daemon that has the conversation is lost.')
    }
    return undefined
  }

  private get defaultHistory(): string {
    return path.join(this.config.dataDir, 'chat-history')
  }

  private async promptFrom(flag: string | undefined): Promise<string> {
    if (flag?.trim() === '') throw new NnError('invalid_argument', 'The prompt is empty.')
    if (flag !== undefined) {
      const [input, warn] = [() => process.stdin, (text: string) => this.tell('warning', text)]
      return joinInput(flag, {input, warn, signal: this.signal})
    }
    // Only the answer is redirected, so tell the user that the command waits for input.
    if (process.stdin.isTTY) this.logToStderr('Type the prompt. End it with Ctrl-D on an empty line.')
    return readPrompt(process.stdin, this.signal)
  }

  /** An unreadable default history does not prevent a chat; an explicitly named one is an error. */
  private openHistory({history, 'history-file': named}: HistoryFlags, screen: Screen): PromptHistory {
    try {
      return PromptHistory.open(history ? (named ?? this.defaultHistory) : undefined)
    } catch (error) {
      if (named !== undefined) throw error
      screen.fail(toNnError(error))
      return PromptHistory.open(undefined)
    }
  }
}

interface HistoryFlags {
  history: boolean
  'history-file'?: string | undefined
}

/** A flag that was not given is undefined, despite its type. */
function orElse(flag: boolean | undefined, otherwise: boolean): boolean {
  return flag ?? otherwise
}
