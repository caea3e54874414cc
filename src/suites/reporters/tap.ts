import {stringify} from 'yaml'
import {isFlaky, type CaseResult, type RunReport} from '../results.js'

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

function yamlBlock(value: unknown): string[] {
  return ['---', ...stringify(value).trimEnd().split('\n'), '...'].map((line) => `  ${line}`)
}

function escapeTap(text: string): string {
  return text.replace(/\s+/g, ' ').replace(/[\\#]/g, String.raw`\$&`)
}
