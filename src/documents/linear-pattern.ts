import {RE2JS} from 're2js'
import {NnError} from '../errors.js'
import {partsOf, patternFault} from './pattern-syntax.js'

/** Part of a text, from `start` to before `end`, in UTF-16 units. */
export interface Match {
  start: number
  end: number
}

/**
 * A regular expression whose time grows only with the text: RE2 does not backtrack. That of JavaScript takes years for
 * `(a+)+$` and a few dozen letters, and nothing can interrupt it.
 */
export class LinearPattern {
  /** Its size, in characters and classes: the time for each character of a text grows with it. */
  readonly parts: number
  /** Then the search for a match that is not empty starts again at each character, so its time grows with their square. */
  readonly canBeEmpty: boolean

  private constructor(
    readonly source: string,
    private readonly compiled: RE2JS,
  ) {
    this.parts = partsOf(source)
    this.canBeEmpty = compiled.matcher('').find()
  }

  /** @throws `invalid_argument` with the reason */
  static compile(source: string): LinearPattern {
    const fault = patternFault(source)
    if (fault !== undefined) throw notUsable(source, fault)
    try {
      return new LinearPattern(source, RE2JS.compile(RE2JS.translateRegExp(source)))
    } catch (error) {
      if (!(error instanceof Error) || !error.name.startsWith('RE2JS')) throw error
      throw notUsable(source, error.message.replace(/^error parsing regexp: /, ''), error)
    }
  }

  test(text: string): boolean {
    return this.compiled.matcher(text).find()
  }

  /** The first match that is not empty. */
  first(text: string): Match | undefined {
    const matcher = this.compiled.matcher(text)
    while (matcher.find()) {
      if (matcher.end() > matcher.start()) return {start: matcher.start(), end: matcher.end()}
    }
    return undefined
  }
}

function notUsable(source: string, why: string, cause?: unknown): NnError {
  const shown = source.length > 60 ? `${source.slice(0, 60)}…` : source
  return new NnError('invalid_argument', `The regular expression /${shown}/ cannot be used: ${why}.`, {cause})
}
