import {explainErrors} from './explain.js'
import type {Fault} from './faults.js'
import type {ParsedDocument} from './parse.js'
import {excerptAt, formatPath, type Problem} from './problem.js'
import type {Validator} from './validator.js'

/** The mistakes in a value; none when it is valid. */
export function findFaults(value: unknown, validate: Validator): Fault[] {
  return validate(value) ? [] : explainErrors(validate.errors ?? [], value)
}

/** The mistakes in a document, in the order of their places; none when it is valid. */
export function validateDocument(document: ParsedDocument, validate: Validator): Problem[] {
  return findFaults(document.value, validate)
    .map((fault) => locateFault(document, fault))
    .sort((a, b) => a.line - b.line || a.column - b.column)
}

/** A fault with its place in the document. */
export function locateFault(
  {file, text, locate}: Pick<ParsedDocument, 'file' | 'text' | 'locate'>,
  {path, target, message, allowed, hint}: Fault,
): Problem {
  const {line, column} = locate(path, target)
  return {
    ...(file !== undefined && {file}),
    line,
    column,
    path: formatPath(path),
    message,
    ...(allowed !== undefined && {allowed}),
    ...(hint !== undefined && {hint}),
    excerpt: excerptAt(text, line, column),
  }
}
