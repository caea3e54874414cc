import {Command} from '@oclif/core'
import {NnError} from '../errors.js'
import {Interruption} from './interruption.js'

/** Errors of oclif's own (unknown flags and the like) carry their exit code here. */
interface OclifError extends Error {
  oclif?: {exit?: number}
}

/**
 * What every command shares: `--json`, signals, and errors told once, without a stack, with the right exit code.
 * A command parses, calls and renders; it passes `this.signal` to whatever takes long.
 */
export abstract class BaseCommand extends Command {
  static override enableJsonFlag = true

  private readonly interruption = new Interruption()

  /** Aborted by SIGINT, SIGTERM and SIGHUP; its reason says which. */
  protected get signal(): AbortSignal {
    return this.interruption.signal
  }

  protected override async init(): Promise<void> {
    await super.init()
    this.interruption.listen()
    // Whoever read our output has seen enough (`wnn … | head`): not an error, and nobody left to tell.
    // oclif's own listener throws everything else; this one comes first.
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
    // Also for a command that ended in good order because of the signal: whoever sent it wants to see that.
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
