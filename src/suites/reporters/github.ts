import path from 'node:path'
import {realPath} from '../../system/real-path.js'
import {sanitize, sanitizeLine} from '../../terminal/sanitize.js'
import type {Failure, RunReport} from '../results.js'

/**
 * Workflow commands that mark each failure at its line of the suite file.
 * @param workspace the folder of the checkout, from which GitHub reads paths; absent: paths stay as they are
 */
export function githubAnnotations({results}: RunReport, workspace?: string): string[] {
  const fromThere = (file: string): string => (workspace === undefined ? file : relativeTo(workspace, file))
  return results
    .filter(({outcome}) => outcome === 'failed' || outcome === 'error')
    .flatMap(({id, name, failures}) =>
      failures.map((failure) => annotation(`${id} ${name}`, {...failure, file: fromThere(failure.file)})),
    )
}

/** A file outside of the workspace stays as it is. */
function relativeTo(workspace: string, file: string): string {
  const relative = path.relative(realPath(workspace), realPath(file))
  const isInside = relative !== '' && !relative.startsWith('..') && !path.isAbsolute(relative)
  return isInside ? relative.split(path.sep).join('/') : file
}

function annotation(title: string, {file, line, column, step, message, expected, actual}: Failure): string {
  const text = [
    `${step}: ${message}`,
    ...(expected === undefined ? [] : [`expected: ${expected}`]),
    ...(actual === undefined ? [] : [`actual: ${actual}`]),
  ].join('\n')
  const place = `file=${property(file)},line=${line},col=${column},title=${property(sanitizeLine(title))}`
  return `::error ${place}::${data(sanitize(text))}`
}

function data(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}

function property(text: string): string {
  return data(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
}
