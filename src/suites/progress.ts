import type {ListrDefaultRendererLogLevels} from 'listr2'
import type {Case} from './model.js'
import {summarize, type CaseResult, type RunReport} from './results.js'
import {caseLines} from './reporters/list.js'
import {logLine} from './reporters/log-text.js'
import {runSuites, type RunOptions} from './run.js'
import type {Target} from './target.js'

/**
 * Where people see how it goes: in place on a terminal, on standard error; a line for each case as it ends, on standard
 * error; or nowhere, because the report itself comes line by line.
 */
export type ProgressKind = 'terminal' | 'lines' | 'silent'

/** Runs the cases and tells people how it goes. */
export async function runWithProgress(
  cases: readonly Case[],
  target: Target,
  options: RunOptions,
  kind: ProgressKind,
): Promise<RunReport> {
  switch (kind) {
    case 'terminal':
      return runOnTerminal(cases, target, options)
    case 'lines':
      return runSuites(cases, target, {
        ...options,
        onEnd: (result) => process.stderr.write(`${caseLines(result, (_format, text) => text).join('\n')}\n`),
      })
    case 'silent':
      return runSuites(cases, target, options)
  }
}

/** One task per suite file; its scenarios pass by below it. */
async function runOnTerminal(cases: readonly Case[], target: Target, options: RunOptions): Promise<RunReport> {
  const {Listr, ListrLogger, ProcessOutput} = await import('listr2')
  const start = performance.now()
  const results: CaseResult[] = []
  let interrupted = false
  let stopped = false
  const suites = [...new Set(cases.map(({suite}) => suite))]
  const logger = new ListrLogger<ListrDefaultRendererLogLevels>({
    processOutput: new ProcessOutput(process.stderr, process.stderr),
  })
  const tasks = suites.map((suite) => ({
    title: logLine(suite.name),
    skip: () => stopped,
    task: async (_context: unknown, task: {title: string; output: string}): Promise<void> => {
      const own = cases.filter((one) => one.suite === suite)
      const report = await runSuites(own, target, {
        ...options,
        onStart: ({id, name}) => (task.output = logLine(`${id} ${name}`)),
      })
      results.push(...report.results)
      interrupted ||= report.interrupted
      const {passed, failed, error} = report.summary
      const red = failed + error
      stopped ||= interrupted || (options.bail === true && red > 0)
      task.title = `${logLine(suite.name)}: ${passed} passed${red > 0 ? `, ${red} failed` : ''}`
      if (red > 0) throw new Error(`${red} failed`)
    },
  }))
  const listr = new Listr(tasks, {
    exitOnError: false,
    // Listr's own listener would exit before the backend is released.
    registerSignalListeners: false,
    forceTTY: true,
    rendererOptions: {logger, showErrorMessage: false},
  })
  await listr.run()
  return {
    schema_version: 2,
    target: target.name,
    results,
    summary: summarize(results, cases.length, performance.now() - start),
    interrupted,
  }
}
