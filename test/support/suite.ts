import {suite as uvuSuite} from 'uvu'
import {currentFile} from './current-file.js'
import {expectTests, testEnded} from './end.js'
import {grepVariable, reporter, reportVariable} from './report.js'
import {timeScale} from './time-scale.js'
import {firstOf, runTest, within} from './run-test.js'

export interface TestContext {
  /** Aborted when the test runs into its time limit. */
  readonly signal: AbortSignal
  /** Ends the test here; it counts as skipped, with the reason in the report. */
  skip(reason: string): never
  /** Runs when the test has ended, however it ended; the last registered first. A failure fails the test. */
  after(cleanup: () => unknown): void
}

export interface SuiteOptions {
  /** Limit of each test and of each hook. Defaults to `5000`. */
  timeoutMs?: number
}

export interface Suite {
  (sentence: string, handler: (t: TestContext) => unknown, options?: SuiteOptions): void
  /** Runs once before the first test; when it fails, every test of the suite fails with its error. */
  before(hook: () => unknown): void
  /** Runs once after the last test; when it fails, the last test fails with its error. */
  after(hook: () => unknown): void
}

interface Registered {
  sentence: string
  handler: (t: TestContext) => unknown
  limitMs: number
}

const report = reporter(process.env[reportVariable])
const grep = process.env[grepVariable]
// The report is of this process: programs that a test starts must not write into it.
Reflect.deleteProperty(process.env, reportVariable)
Reflect.deleteProperty(process.env, grepVariable)

/**
 * A suite of tests on uvu, with what uvu lacks: time limits, cleanups, skipping with a reason, and a red result for
 * a failing hook. It starts by itself as soon as the file has been evaluated.
 */
export function suite(name: string, {timeoutMs = 5000}: SuiteOptions = {}): Suite {
  const tests: Registered[] = []
  const before: (() => unknown)[] = []
  const after: (() => unknown)[] = []
  let started = false
  const file = currentFile()
  const place = {suite: name, ...(file !== undefined && {file})}

  const test = (sentence: string, handler: Registered['handler'], options: SuiteOptions = {}): void => {
    if (started) throw new Error(`"${sentence}" comes too late: register every test before the first await.`)
    tests.push({sentence, handler, limitMs: timeScale * (options.timeoutMs ?? timeoutMs)})
  }

  const runHooks = async (hooks: (() => unknown)[], when: string): Promise<void> => {
    for (const hook of hooks) {
      await within(timeScale * timeoutMs, hook).catch((thrown: unknown) => {
        throw new Error(`A hook ${when} failed: ${String(thrown)}`, {cause: thrown})
      })
    }
  }

  queueMicrotask(() => {
    started = true
    const selected = tests.filter(({sentence}) => grep === undefined || new RegExp(grep).test(`${name} ${sentence}`))
    report({kind: 'plan', ...place, selected: selected.length, registered: tests.length})
    const runner = uvuSuite(name)
    let ready: Promise<void> | undefined
    expectTests(selected.length)

    for (const [index, {sentence, handler, limitMs}] of selected.entries()) {
      const attempt = async (): Promise<string | undefined> => {
        await (ready ??= runHooks(before, 'before the tests'))
        return runTest(handler, limitMs)
      }
      runner(sentence, async () => {
        const start = performance.now()
        const errors: unknown[] = []
        const collect = (thrown: unknown): void => void errors.push(thrown)
        const skipped = await attempt().catch(collect)
        if (index === selected.length - 1) await runHooks(after, 'after the tests').catch(collect)
        testEnded()

        const result = {kind: 'result', ...place, test: sentence, ms: performance.now() - start} as const
        if (errors.length > 0) {
          const error = firstOf(errors)
          report({...result, outcome: 'failed', reason: String(error)})
          throw error
        }
        if (typeof skipped === 'string') {
          report({...result, outcome: 'skipped', reason: skipped})
          process.stdout.write(`(skipped: ${skipped}) `)
        } else {
          report({...result, outcome: 'passed'})
        }
      })
    }
    runner.run()
  })

  return Object.assign(test, {
    before: (hook: () => unknown) => void before.push(hook),
    after: (hook: () => unknown) => void after.push(hook),
  })
}
