import {isFlaky, type CaseResult, type Failure, type RunReport} from '../results.js'
import {junitXml, type JunitAttempt, type JunitCase, type JunitSuite} from './junit-xml.js'
import {failureLines} from './list.js'

export function junitReport({results}: RunReport): string {
  const suites = new Map<string, JunitCase[]>()
  for (const result of results) {
    const cases = suites.get(result.suite) ?? []
    suites.set(result.suite, [...cases, toCase(result)])
  }
  return junitXml([...suites].map(([name, cases]): JunitSuite => ({name, cases})))
}

function toCase(result: CaseResult): JunitCase {
  const {id, name, outcome, duration_ms: durationMs, reason, failures} = result
  const base = {name: `${id} ${name}`, seconds: durationMs / 1000}
  switch (outcome) {
    case 'passed':
      // The name stays: CI systems follow a case over runs by it.
      return {...base, outcome, ...(isFlaky(result) && {flakyFailures: failures.map(toAttempt)})}
    case 'skipped':
    case 'pending':
      return {...base, outcome: 'skipped', message: `${outcome}: ${reason ?? ''}`}
    case 'failed':
    case 'error':
      return {...base, outcome, message: failures[0]?.message ?? '', detail: failures.flatMap(failureLines).join('\n')}
  }
}

function toAttempt(failure: Failure): JunitAttempt {
  return {message: failure.message, detail: failureLines(failure).join('\n')}
}
