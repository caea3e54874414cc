import {stringify} from 'yaml'
import {sanitize} from '../../terminal/sanitize.js'
import {isFlaky, type CaseResult, type RunReport} from '../results.js'
import {disarm} from './log-text.js'

/** TAP version 14; pending scenarios are TODO, skipped ones SKIP, failures and flaky points carry a YAML block. */
export function tapReport({results, interrupted}: RunReport): string {
  const lines = ['TAP version 14', `1..${results.length}`]
  for (const [index, result] of results.entries()) lines.push(...pointLines(result, index + 1))
  // What has not run has no verdict, so the stream must not look complete.
  if (interrupted) lines.push('Bail out! interrupted')
  return `${lines.join('\n')}\n`
}

function pointLines(result: CaseResult, number: number): string[] {
  const {id, name, outcome, reason = '', failures, attempts} = result
  const description = `${number} - ${escapeTap(`${id} ${name}`)}`
  switch (outcome) {
    case 'passed':
      // The description stays: readers follow a point over runs by it.
      return [`ok ${description}`, ...(isFlaky(result) ? yamlBlock({flaky: true, attempts, failures}) : [])]
    case 'skipped':
      return [`ok ${description} # SKIP ${escapeTap(reason)}`]
    case 'pending':
      // Not ok: the feature is missing. A TODO point does not fail the stream.
      return [`not ok ${description} # TODO ${escapeTap(reason)}`]
    case 'failed':
    case 'error':
      return [`not ok ${description}`, ...yamlBlock({outcome, failures})]
  }
}

/** Texts of several lines stay on one, as a line of its own could be a command of a CI system. */
const onOneLine = {blockQuote: false, lineWidth: 0, doubleQuotedMinMultiLineLength: Infinity} as const

function yamlBlock(value: unknown): string[] {
  const safe = (_key: unknown, each: unknown): unknown => (typeof each === 'string' ? disarm(sanitize(each)) : each)
  return ['---', ...stringify(value, safe, onOneLine).trimEnd().split('\n'), '...'].map((line) => `  ${line}`)
}

function escapeTap(text: string): string {
  return sanitize(text)
    .replace(/\s+/g, ' ')
    .replace(/[\\#]/g, String.raw`\$&`)
}
