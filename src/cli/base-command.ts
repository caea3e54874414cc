import {Command} from '@oclif/core'
import {NnError} from '../errors.js'
import {Interruption} from './interruption.js'

/** Exit code of oclif's own errors, such as unknown flags. */
interface OclifError extends Error {
  oclif?: {exit?: number}
}

/**
 * Base of all commands: `--json`, signals, and errors that are printed once, without a stack, with the right exit code.
 * A command parses, calls and renders, and passes `this.signal` to slow calls.
 */
export abstract class BaseCommand extends Command {
  static override enableJsonFlag = true

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
      process.stderr.write(`${this.config.bin}: standard output cannot be written: ${error.message}\n`)
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
      this.logToStderr(`${this.config.bin}: ${error.message}`)
      if (error.hint !== undefined) this.logToStderr(error.hint)
    }
    return this.exit(error.exitCode)
  }

  /** oclif's own errors (an unknown flag, a missing argument) keep their exit codes, under `--json` too. */
  private catchOther(error: OclifError): Promise<never> {
    if (!this.jsonEnabled()) return super.catch(error) as Promise<never>
    const exit = error.oclif?.exit ?? 1
    this.logJson({error: {code: exit === 1 ? 'unknown' : 'invalid_argument', message: error.message}})
    return this.exit(exit)
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
