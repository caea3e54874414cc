import path from 'node:path'
import {Parser, type FinalResults} from 'tap-parser'
import * as assert from 'uvu/assert'
import {render, type CaseResult, type RunReport} from '../../../src/suites/index.js'
import {summarize} from '../../../src/suites/results.js'
import {suite} from '../../support/suite.js'
import {parseXml} from '../../support/xml.js'

const test = suite('reporters')

const failure = {
  file: 'suites/a.yaml',
  line: 12,
  column: 7,
  step: 'run_inference',
  message: 'expect.text.contains does not hold',
  expected: 'containing "<b>&"',
  actual: 'first line\nsecond 100 % line \u001b[31m',
}

function result(id: string, outcome: CaseResult['outcome'], more: Partial<CaseResult> = {}): CaseResult {
  const place = {suite: 'Suite, "A" <1>', file: 'suites/a.yaml', line: 3}
  return {id, name: `Name #${id}`, ...place, tags: [], outcome, attempts: 1, duration_ms: 1500, failures: [], ...more}
}

const results = [
  result('1', 'passed'),
  result('2', 'failed', {failures: [failure]}),
  result('3', 'passed', {attempts: 2, failures: [failure]}),
  result('4', 'pending', {reason: 'comes later', attempts: 0}),
  result('5', 'skipped', {reason: 'no GPU', attempts: 0}),
  result('6', 'error', {failures: [{...failure, message: 'runtime_error: no llama'}], suite: 'B'}),
]
const report: RunReport = {
  schema_version: 2,
  target: 'local',
  results,
  summary: summarize(results, 7, 9000),
  interrupted: false,
}
const text = (name: Parameters<typeof render>[1]): string => render(report, name, {colors: false})

test('list shows every case, and each failure with expected, actual and place', () => {
  assert.is(
    text('list'),
    `Suite, "A" <1>
  ✔  1 Name #1  1.5 s
  ✘  2 Name #2  1.5 s
       run_inference: expect.text.contains does not hold
         expected  containing "<b>&"
         actual    first line
                   second 100 % line ␛[31m
         at suites/a.yaml:12:7
  ✔  3 Name #3  1.5 s · flaky: passed at attempt 2
       run_inference: expect.text.contains does not hold
         expected  containing "<b>&"
         actual    first line
                   second 100 % line ␛[31m
         at suites/a.yaml:12:7
  …  4 Name #4  pending · comes later
  ↓  5 Name #5  skipped · no GPU

B
  ‼  6 Name #6  1.5 s
       run_inference: runtime_error: no llama
         expected  containing "<b>&"
         actual    first line
                   second 100 % line ␛[31m
         at suites/a.yaml:12:7

2 passed (1 flaky), 1 failed, 1 with errors, 1 skipped, 1 pending, 1 not run in 9.0 s`,
  )
})

test('list has colours only where they are wanted', () => {
  assert.match(render(report, 'list', {colors: true}), /\u001b\[32m✔/)
})

test('junit is well-formed XML with the right counts', () => {
  const root = parseXml(text('junit'))
  assert.is(root.name, 'testsuites')
  const {tests, failures, errors, skipped} = root.attributes
  assert.equal([tests, failures, errors, skipped], ['6', '1', '1', '2'])
  const [first, second] = root.children
  assert.is(first?.attributes.name, 'Suite, "A" <1>')
  assert.equal(
    first?.children.map(({attributes}) => attributes.name),
    ['1 Name #1', '2 Name #2', '3 Name #3', '4 Name #4', '5 Name #5'],
  )
  const [failed] = first?.children[1]?.children ?? []
  assert.is(failed?.name, 'failure')
  assert.match(failed?.text ?? '', /containing "<b>&"[^]*second 100 % line\s[^]*suites\/a\.yaml:12:7/)
  assert.not.match(failed?.text ?? '', /\u001b/)
  const [flaky] = first?.children[2]?.children ?? []
  assert.equal([flaky?.name, flaky?.attributes.message], ['flakyFailure', failure.message])
  assert.match(flaky?.text ?? '', /suites\/a\.yaml:12:7/)
  assert.is(first?.children[3]?.children[0]?.attributes.message, 'pending: comes later')
  assert.is(second?.children[0]?.children[0]?.name, 'error')
})

async function parseTap(tap: string): Promise<FinalResults> {
  return new Promise((resolve) => new Parser({strict: true}, resolve).end(tap))
}

test('tap is accepted by a parser, which finds the same verdicts', async () => {
  const {ok, count, pass, fail, skip, todo, failures} = await parseTap(text('tap'))
  assert.equal({ok, count, pass, fail, skip, todo}, {ok: false, count: 6, pass: 3, fail: 3, skip: 1, todo: 1})
  assert.is(failures[0]?.name, '2 Name #2')
  assert.match(JSON.stringify(failures[0]?.diag), /suites\/a\.yaml/)
})

test('a flaky case keeps its name in every form, and says that it is flaky', () => {
  const steady = {...report, results: results.map((one) => ({...one, attempts: Math.min(1, one.attempts)}))}
  const names = (tap: string): string[] => tap.match(/^(?:not )?ok .*$/gm) ?? []
  assert.equal(names(text('tap')), names(render(steady, 'tap', {colors: false})))
  const points: {name: string; diag: unknown}[] = []
  const parser = new Parser({strict: true})
  parser.on('pass', (point) => points.push(point as never))
  parser.end(text('tap'))
  assert.match(JSON.stringify(points.find(({name}) => name === '3 Name #3')?.diag), /"flaky":true,"attempts":2/)
})

test('tap of a run in which nothing fails is ok, and of an interrupted one is not', async () => {
  const good = {...report, results: results.filter(({outcome}) => outcome !== 'failed' && outcome !== 'error')}
  assert.is((await parseTap(render(good, 'tap', {colors: false}))).ok, true)
  const cut = await parseTap(render({...good, interrupted: true}, 'tap', {colors: false}))
  assert.is(cut.ok, false)
})

test('github marks each failure of a failed case at its line', () => {
  const commands = text('github')
    .split('\n')
    .filter((line) => line.startsWith('::'))
  assert.is(commands.length, 2)
  assert.is(
    commands[0],
    '::error file=suites/a.yaml,line=12,col=7,title=2 Name #2::run_inference: expect.text.contains does not hold%0A' +
      'expected: containing "<b>&"%0Aactual: first line%0Asecond 100 %25 line ␛[31m',
  )
})

test('github names files from the workspace, unless they are outside of it', () => {
  const placed = (file: string, workspace: string): string => {
    const failed = {...report, results: [result('2', 'failed', {failures: [{...failure, file}]})]}
    return /file=([^,]*)/.exec(render(failed, 'github', {colors: false, workspace}))?.[1] ?? ''
  }
  const here = process.cwd()
  assert.is(placed('suites/a.yaml', here), 'suites/a.yaml')
  assert.is(placed(`${here}/suites/a.yaml`, here), 'suites/a.yaml')
  assert.is(placed('suites/a.yaml', path.dirname(here)), `${path.basename(here)}/suites/a.yaml`)
  assert.is(placed('/elsewhere/a.yaml', here), '/elsewhere/a.yaml')
  assert.is(placed('suites/a.yaml', `${here}/src`), 'suites/a.yaml')
})

test('json is the report itself', () => {
  assert.equal(JSON.parse(text('json')), report)
})

/** Lines that GitHub's runner obeys: it skips white space before them, and finds the older form anywhere. */
const obeyed = (log: string): string[] =>
  log.split(/\r\n|\r|\n/).filter((line) => /^[\s\u00ad\u200b]*:[\u00ad\u200b]*:|#\u200b*#\u200b*\[/.test(line))

const hostile =
  '::error::x\n::stop-commands::abc\r::set-output::y\n\u00a0\u200b:\u00ad:group::z\n##[error]w #\u200b#[group]'
const hostileReport: RunReport = {
  ...report,
  results: [
    result('::a', 'failed', {
      suite: hostile,
      name: hostile,
      failures: [{...failure, file: 'a\n::b', step: hostile, message: hostile, expected: hostile, actual: hostile}],
    }),
    result('2', 'skipped', {suite: hostile, name: hostile, reason: hostile}),
    result('3', 'passed', {suite: 'B', name: hostile, attempts: 2, failures: [{...failure, actual: hostile}]}),
  ],
}

for (const name of ['list', 'tap', 'junit', 'json'] as const) {
  test(`${name} has no line that GitHub obeys, whatever suites and models say`, () => {
    assert.equal(obeyed(render(hostileReport, name, {colors: false})), [])
  })
}

test('github has no commands but its own', () => {
  const lines = obeyed(render(hostileReport, 'github', {colors: false}))
  assert.is(lines.length, 1)
  assert.match(lines[0] ?? '', /^::error file=/)
  assert.match(lines[0] ?? '', /,title=%3A%3Aa %3A%3Aerror%3A%3Ax ⏎ /)
})

test('json and junit keep the texts that they disarm', async () => {
  assert.equal(JSON.parse(render(hostileReport, 'json', {colors: false})), hostileReport)
  const [first] = parseXml(render(hostileReport, 'junit', {colors: false})).children
  assert.match(first?.children[0]?.children[0]?.text ?? '', /^ +::stop-commands::abc[^]*##\[error\]w/m)
  assert.is((await parseTap(render(hostileReport, 'tap', {colors: false}))).count, 3)
})

test('a name of several lines stays on one, and a line that would be a command begins with a backslash', () => {
  const failed = result('2', 'failed', {name: 'a\nb\u001b[2J', failures: [{...failure, actual: 'x\n ::y::\n##[z]'}]})
  const lines = render({...report, results: [failed]}, 'list', {colors: false}).split('\n')
  assert.is(lines[1], '  ✘  2 a ⏎ b␛[2J  1.5 s')
  assert.equal(
    lines.slice(5, 7).map((line) => line.trim()),
    [String.raw`\::y::`, String.raw`##\[z]`],
  )
})
