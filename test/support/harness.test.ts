import {readdirSync} from 'node:fs'
import {basename} from 'node:path'
import * as assert from 'uvu/assert'
import {laneOf} from './lanes.js'
import {runFile, runGroup} from './run-file.js'
import {suite} from './suite.js'

const test = suite('test harness', {timeoutMs: 30_000})
const folder = new URL('bad/', import.meta.url).pathname

const expected: Record<string, RegExp> = {
  'after-hook-throws': /A hook after the tests failed: Error: cannot tidy up/,
  'cleanup-throws': /cannot tidy up/,
  'exits-early': /reported 0 of 2 tests/,
  'hook-throws': /A hook before the tests failed: Error: no database/,
  'late-test': /comes too late/,
  'live-timer': /Still alive .*Timeout/,
  'module-throws': /cannot even start/,
  'never-settles': /timed out after 200 ms/,
  'no-tests': /has no tests/,
  'stray-process': /left a process behind/,
  'throws-text': /not an Error: plain text/,
}

test('knows every bad file', () => {
  const names = readdirSync(folder).map((name) => basename(name, '.ts'))
  assert.equal(names.sort(), Object.keys(expected).sort())
})

for (const [name, message] of Object.entries(expected)) {
  test(`reports ${name} as failed, and says why`, async (t) => {
    const {results, fault, output} = await runFile(`${folder}${name}.ts`, {signal: t.signal})
    const failures = results.filter(({outcome}) => outcome === 'failed')
    assert.ok(failures.length > 0 || fault !== undefined, 'neither a failing test nor a fault of the file')
    assert.match(`${fault ?? ''}\n${output}`, message)
  })
}

test('a skipped test gives its reason, a passing one runs its cleanups in reverse order', async (t) => {
  const {results, fault} = await runFile(new URL('good.ts', import.meta.url).pathname, {signal: t.signal})
  assert.is(fault, undefined)
  assert.equal(
    results.map(({test: name, outcome, reason}) => ({name, outcome, reason})),
    [
      {name: 'skips', outcome: 'skipped', reason: 'no GPU here'},
      {name: 'cleans up', outcome: 'passed', reason: undefined},
      {name: 'saw the cleanups', outcome: 'passed', reason: undefined},
    ],
  )
})

test('a name filter that matches nothing in a file is not a fault of that file', async (t) => {
  const good = new URL('good.ts', import.meta.url).pathname
  const {results, fault, unselected} = await runFile(good, {grep: 'no such test', signal: t.signal})
  assert.is(fault, undefined)
  assert.is(results.length, 0)
  assert.is(unselected, 3)
})

test('several files in one process have each their own results', async (t) => {
  const files = ['good.ts', 'bad/throws-text.ts'].map((name) => new URL(name, import.meta.url).pathname)
  const results = await runGroup(files, {signal: t.signal})
  assert.equal(
    results.map(({file, results: own, fault}) => [file, own.map(({outcome}) => outcome), fault]),
    [
      [files[0], ['skipped', 'passed', 'passed'], undefined],
      [files[1], ['failed'], undefined],
    ],
  )
})

test('a fault of a group is reported for the file that causes it', async (t) => {
  const files = ['good.ts', 'bad/module-throws.ts', 'bad/live-timer.ts'].map(
    (name) => new URL(name, import.meta.url).pathname,
  )
  const [good, broken, alive] = await runGroup(files, {signal: t.signal})
  assert.is(good?.fault, undefined)
  assert.match(broken?.fault ?? '', /has no tests/)
  assert.match(`${alive?.fault ?? ''} ${alive?.output ?? ''}`, /Still alive/)
})

test('a file goes into the lane of what it imports, also by way of helpers', () => {
  const lane = (name: string): string => laneOf(new URL(`../${name}`, import.meta.url).pathname)
  assert.is(lane('config/strict.test.ts'), 'unit')
  assert.is(lane('backend/lifecycle.test.ts'), 'engine')
  assert.is(lane('daemon/sessions.test.ts'), 'e2e')
})
