import type {Failure, RunReport} from '../results.js'
import {listReport} from './list.js'

/** The list, and workflow commands that mark each failure at its line of the suite file. */
export function githubReport(report: RunReport): string {
  const commands = report.results
    .filter(({outcome}) => outcome === 'failed' || outcome === 'error')
    .flatMap(({id, name, failures}) => failures.map((failure) => annotation(`${id} ${name}`, failure)))
  return [listReport(report, {colors: false}), ...commands].join('\n')
}

function annotation(title: string, {file, line, column, step, message, expected, actual}: Failure): string {
  const text = [
    `${step}: ${message}`,
    ...(expected === undefined ? [] : [`expected: ${expected}`]),
    ...(actual === undefined ? [] : [`actual: ${actual}`]),
  ].join('\n')
  const place = `file=${property(file)},line=${line},col=${column},title=${property(title)}`
  return `::error ${place}::${data(text)}`
}

function data(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}

function property(text: string): string {
  return data(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
}
