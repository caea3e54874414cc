import {explainErrors} from './explain.js'
import type {Fault} from './faults.js'
import type {ParsedDocument} from './parse.js'
import {excerptAt, formatPath, type Problem} from './problem.js'
import type {Validator} from './validator.js'

/** The errors of each mistake are searched among all others, and nobody reads more of them. */
const mostErrors = 200

/** The mistakes in a value, not more than the first ones of many; none when it is valid. */
export function findFaults(value: unknown, validate: Validator): Fault[] {
  return validate(value) ? [] : explainErrors((validate.errors ?? []).slice(0, mostErrors), value)
}

/** The mistakes in a document, in the order of their places; none when it is valid. */
export function validateDocument(document: ParsedDocument, validate: Validator): Problem[] {
  return locateFaults(findFaults(document.value, validate), document)
}

/** Errors with their positions, in order; without a document there are only paths. */
export function locateFaults(faults: readonly Fault[], document: ParsedDocument | undefined): Problem[] {
  return faults.map((fault) => locateFault(document, fault)).sort((a, b) => a.line - b.line || a.column - b.column)
}

/** An error with its position. */
function locateFault(document: ParsedDocument | undefined, fault: Fault): Problem {
  const {path, target, message, allowed} = fault
  const hint = fault.hint ?? quoteHint(document, fault)
  return {
    ...place(document, path, target),
    path: formatPath(path),
    message,
    ...(allowed !== undefined && {allowed}),
    ...(hint !== undefined && {hint}),
  }
}

/** The hint for a number, such as 1.10, where a text may stand. */
function quoteHint(document: ParsedDocument | undefined, {path, target, allowed = ''}: Fault): string | undefined {
  if (target === 'key' || !/^a (?:[\w-]+ )?(?:integer or a )?string\b/.test(allowed)) return undefined
  const written = document?.written(path)
  return written === undefined ? undefined : `Quote it if it is a text: "${written}"`
}

function place(
  document: ParsedDocument | undefined,
  path: Fault['path'],
  target: Fault['target'],
): Pick<Problem, 'file' | 'line' | 'column' | 'excerpt'> {
  if (document === undefined) return {line: 0, column: 0, excerpt: ''}
  const {file, text, locate} = document
  const {line, column} = locate(path, target)
  return {...(file !== undefined && {file}), line, column, excerpt: excerptAt(text, line, column)}
}
