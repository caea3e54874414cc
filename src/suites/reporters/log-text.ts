import {sanitizeLine} from '../../terminal/sanitize.js'

// GitHub's runner skips white space before a command, and compares texts without characters that have no width.
const invisible = String.raw`[\p{Default_Ignorable_Code_Point}\p{Cf}]*`
const command = new RegExp(String.raw`^([\s\p{Default_Ignorable_Code_Point}\p{Cf}]*):(?=${invisible}:)`, 'u')
/** The older form of a command, up to its bracket; it counts anywhere in a line. */
export const olderCommand = new RegExp(String.raw`(#${invisible}#${invisible})\[`, 'gu')

/**
 * A name, a message or an answer as one line of a log that people read. Suites and models write these texts: no terminal
 * obeys them, and no CI system takes a line as a command (`::stop-commands::x`, `##[group]`).
 */
export function logLine(text: string): string {
  return disarm(sanitizeLine(text))
}

/** The line with a backslash where a command would begin. */
export function disarm(line: string): string {
  return line.replace(command, String.raw`$1\:`).replace(olderCommand, String.raw`$1\[`)
}
