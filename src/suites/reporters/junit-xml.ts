import {olderCommand} from './log-text.js'

/** An attempt that failed before another one passed. */
export interface JunitAttempt {
  message: string
  detail: string
}

/** One `<testcase>`; `detail` is the body of its `<failure>` or the message of its `<skipped>`. */
export interface JunitCase {
  name: string
  seconds: number
  outcome: 'passed' | 'failed' | 'error' | 'skipped'
  message?: string
  detail?: string
  /** Of a case that passed. */
  flakyFailures?: readonly JunitAttempt[]
}

export interface JunitSuite {
  name: string
  cases: readonly JunitCase[]
}

/** JUnit XML as CI systems read it. */
export function junitXml(suites: readonly JunitSuite[]): string {
  const lines = ['<?xml version="1.0" encoding="UTF-8"?>', `<testsuites${counts(suites.flatMap(({cases}) => cases))}>`]
  for (const {name, cases} of suites) {
    lines.push(`  <testsuite${attributes({name})}${counts(cases)}>`)
    for (const testCase of cases) lines.push(...caseLines(name, testCase))
    lines.push('  </testsuite>')
  }
  lines.push('</testsuites>', '')
  return lines.join('\n')
}

function caseLines(suite: string, testCase: JunitCase): string[] {
  const {name, seconds, outcome, message = '', detail = '', flakyFailures = []} = testCase
  const open = `    <testcase${attributes({classname: suite, name, time: seconds.toFixed(3)})}`
  switch (outcome) {
    case 'passed':
      return flakyFailures.length === 0
        ? [`${open}/>`]
        : [`${open}>`, ...flakyFailures.map((attempt) => flakyLine(attempt)), '    </testcase>']
    case 'skipped':
      return [`${open}>`, `      <skipped${attributes({message})}/>`, '    </testcase>']
    case 'failed':
      return [`${open}>`, `      <failure${attributes({message})}>${escapeXml(detail)}</failure>`, '    </testcase>']
    case 'error':
      return [`${open}>`, `      <error${attributes({message})}>${escapeXml(detail)}</error>`, '    </testcase>']
  }
}

/** As Maven's Surefire writes it; readers that do not know it see a case that passed. */
function flakyLine({message, detail}: JunitAttempt): string {
  return `      <flakyFailure${attributes({message})}>${escapeXml(detail)}</flakyFailure>`
}

function counts(cases: readonly JunitCase[]): string {
  const of = (outcome: JunitCase['outcome']): string => String(cases.filter((one) => one.outcome === outcome).length)
  const time = cases.reduce((total, {seconds}) => total + seconds, 0).toFixed(3)
  const tests = String(cases.length)
  return attributes({tests, failures: of('failed'), errors: of('error'), skipped: of('skipped'), time})
}

function attributes(values: Record<string, string>): string {
  return Object.entries(values)
    .map(([name, value]) => ` ${name}="${escapeXml(value)}"`)
    .join('')
}

const entities: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\n': '&#10;',
  '\t': '&#9;',
}

/**
 * Text without line breaks and without commands of a CI system, whose log the report may go to. Also drops what XML 1.0
 * cannot hold at all: control characters (a terminal's colours among them) and lone surrogates.
 */
function escapeXml(text: string): string {
  return text
    .replace(/\u001B\[[\d;]*m|[\u0000-\u0008\u000B-\u001F\u007F-\u009F\uFFFE\uFFFF]/g, '')
    .replace(/\p{Surrogate}/gu, '\uFFFD')
    .replace(/[&<>"\n\t]/g, (character) => entities[character] ?? character)
    .replace(olderCommand, '$1&#91;')
}
