import {NnError} from '../errors.js'
import {shorten} from './show-value.js'

/** One mistake in a document, with its position. */
export interface Problem {
  file?: string
  /** From 1; 0 for a value that has no text, and for a file that is not read. */
  line: number
  /** From 1, in UTF-16 units; 0 where there is no line. */
  column: number
  /** As `steps[2].expect`; empty for the document as a whole. */
  path: string
  message: string
  /** The values that would be right, as a noun phrase. */
  allowed?: string
  /** What to do about it, as one sentence. */
  hint?: string
  /** The line of the mistake and, below it, a caret; empty for a value that has no text. */
  excerpt: string
}

/** A text that is not a document at all has a mistake in every line; the first ones are enough. */
const mostShown = 20

/** Longest path that a message shows, in UTF-16 units. */
const longestPath = 200

/** A document with mistakes, which the user must fix. `message` lists all problems. */
export class DocumentError extends NnError {
  readonly problems: readonly Problem[]

  constructor(problems: readonly Problem[]) {
    const more = problems.length > mostShown ? [`… and ${problems.length - mostShown} more`] : []
    super('invalid_document', [...problems.slice(0, mostShown).map(renderProblem), ...more].join('\n'))
    this.problems = problems
  }
}

/** `file:line:column path: message`, then the hint, then the excerpt. */
export function renderProblem(problem: Problem): string {
  const place = problem.line === 0 ? [] : [problem.line, problem.column]
  const position = [...(problem.file === undefined ? [] : [problem.file]), ...place].join(':')
  const path = problem.path === '' ? '' : `${shorten(problem.path, longestPath)}:`
  const lines = [[position, path, problem.message].filter((part) => part !== '').join(' ')]
  if (problem.hint !== undefined) lines.push(`  ${problem.hint}`)
  if (problem.excerpt !== '') lines.push(...problem.excerpt.split('\n').map((line) => `  ${line}`))
  return lines.join('\n')
}

/** The path of a value as people write it: `steps[2].expect`. */
export function formatPath(path: readonly (string | number)[]): string {
  return path.map((part, at) => (typeof part === 'number' ? `[${part}]` : at === 0 ? part : `.${part}`)).join('')
}

/** Longest piece of a line that an excerpt shows, in UTF-16 units. */
const excerptWidth = 100

/** The given line of the text, cut around the column when it is long, and below it a caret. Both count from 1. */
export function excerptAt(text: string, line: number, column: number): string {
  const whole = text.split(/\r?\n/)[line - 1] ?? ''
  const start = column > excerptWidth ? column - Math.ceil(excerptWidth / 2) : 0
  const head = start > 0 ? '…' : ''
  const piece = whole.slice(start, start + excerptWidth)
  const tail = start + excerptWidth < whole.length ? '…' : ''
  // A tab stays a tab, so that the caret stands below its character whatever the width of a tab is.
  const padding = (head + whole.slice(start, column - 1)).replace(/[^\t]/g, ' ')
  return `${head}${piece}${tail}\n${padding}^`
}
