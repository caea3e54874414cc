import {Command} from '@oclif/core'
import {NnError} from '../errors.js'
import {printableJson, sanitize} from '../terminal/sanitize.js'
import {Interruption} from './interruption.js'
import {printError} from './print-error.js'
import {describeUsage, isExit, type CommandFlags, type OclifError} from './usage-error.js'

/**
 * Base of all commands: `--json`, signals, and errors that are printed once, without a stack, with the right exit code.
 * A command parses, calls and renders, and passes `this.signal` to slow calls.
 */
export abstract class BaseCommand extends Command {
  static override enableJsonFlag = true

  /** Former names of flags, and what to write today. */
  static renamedFlags: Readonly<Record<string, string>> = {}

  private readonly interruption = new Interruption()

  /** Aborted by SIGINT, SIGTERM and SIGHUP; the reason has the signal. */
  protected get signal(): AbortSignal {
    return this.interruption.signal
  }

  protected override async init(): Promise<void> {
    await super.init()
    this.interruption.listen()
    // The reader closed the pipe (`wnn … | head`), which is not an error. oclif's listener throws all other errors;
    // this one runs first.
    process.stdout.prependListener('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') process.exit(0)
      process.stderr.write(`error: Standard output cannot be written: ${error.message}\n`)
      process.exit(2)
    })
  }

  protected override catch(error: OclifError): Promise<never> {
    const interrupted = this.interruption.exitCode
    if (interrupted !== undefined) this.exit(interrupted)
    if (!(error instanceof NnError)) return this.catchOther(error)
    if (this.jsonEnabled()) {
      this.logJson(this.toErrorJson(error))
    } else {
      printError(error.message, error.hint)
    }
    return this.exit(error.exitCode)
  }

  /** A terminal shows Ctrl-C as `^C`. A command that prints nothing more leaves the next line to the shell. */
  protected endInterruptedLine(): void {
    if (this.signal.aborted && process.stderr.isTTY) process.stderr.write('\n')
  }

  /** oclif's own errors (an unknown flag, a missing argument) and unexpected ones. */
  private catchOther(error: OclifError): Promise<never> {
    if (isExit(error)) throw error
    const {message, hint, exit} = describeUsage(error, this.knownFlags)
    if (this.jsonEnabled()) {
      const reason = exit === 1 ? 'unknown' : 'invalid_argument'
      this.logJson({error: {code: reason, reason, message, ...(hint !== undefined && {hint})}})
    } else {
      printError(message, hint)
    }
    return this.exit(exit)
  }

  private get knownFlags(): CommandFlags {
    const {flags, args, renamedFlags} = this.ctor as Declared
    const names = Object.entries(flags ?? {}).flatMap(([name, flag]) =>
      flag.type === 'boolean' && flag.allowNo ? [name, `no-${name}`] : [name],
    )
    const command = [this.config.bin, ...(this.id ?? '').split(':')].join(' ')
    const choices = Object.fromEntries(Object.entries(args ?? {}).map(([name, arg]) => [name, arg.options ?? []]))
    return {command, names: [...names, 'json', 'help'], choices, renamed: renamedFlags ?? {}}
  }

  /** Names and texts of files and servers do not control the terminal, whatever is printed. */
  override log(text = ''): void {
    // Of carriage returns only those before a newline stay, as CSV has them.
    super.log(text.split('\r\n').map(sanitize).join('\r\n'))
  }

  /** Text with colours, whose other parts are sanitized already. */
  protected logStyled(text: string): void {
    super.log(text)
  }

  override logToStderr(text = ''): void {
    super.logToStderr(sanitize(text))
  }

  override logJson(json: unknown): void {
    process.stdout.write(`${printableJson(json, 2)}\n`)
  }

  /** Also with --json, where `logToStderr` prints nothing. */
  protected tell(kind: 'note' | 'warning', text: string): void {
    process.stderr.write(sanitize(`${kind}: ${text}\n`))
  }

  /** Not with --json, where the result has them. */
  protected warnOf(warnings: readonly string[]): void {
    for (const warning of warnings) this.logToStderr(`warning: ${warning}`)
  }

  protected override async finally(error: Error | undefined): Promise<void> {
    this.interruption.stop()
    // Also for a command that ended cleanly because of the signal, so that its sender sees that.
    if (this.interruption.exitCode !== undefined) process.exitCode = this.interruption.exitCode
    await super.finally(error)
  }

  protected override toErrorJson(error: unknown): unknown {
    if (error instanceof NnError) {
      const {code, reason, message, hint} = error
      return {error: {code, reason, message, ...(hint !== undefined && {hint})}}
    }
    return super.toErrorJson(error)
  }
}

/** What a command may leave out. */
interface Declared {
  flags?: (typeof BaseCommand)['flags'] | undefined
  args?: (typeof BaseCommand)['args'] | undefined
  renamedFlags?: CommandFlags['renamed'] | undefined
}
