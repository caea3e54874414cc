import {sanitize} from '../terminal/sanitize.js'

/** The one form of errors for people: what happened, and below it what to do. */
export function printError(message: string, hint: string | undefined): void {
  process.stderr.write(sanitize(`error: ${message}\n${hint === undefined ? '' : `${hint}\n`}`))
}
