import {
  expandCases,
  parseSuite,
  runSuites,
  type CaseResult,
  type RunOptions,
  type RunReport,
  type Target,
} from '../../../src/suites/index.js'
import {scriptedTarget} from '../../support/scripted-backend.js'

export const script = {hi: 'Hello, Alice!', count: '1, 2, 3', json: '{"city": "Rome"}'}

/** Runs a scenario with these steps, the first of them on line 6; or, after an @, a whole suite. */
export async function run(
  steps: string,
  target: Target = scriptedTarget(script),
  options: RunOptions = {},
): Promise<RunReport> {
  const text = steps.startsWith('@') ? steps.slice(1) : `suite: s\nscenarios:\n- id: 1\n  name: n\n  steps:\n${steps}`
  return runSuites(expandCases([parseSuite(text, 'f.yaml')]), target, options)
}

export function only({results}: RunReport): CaseResult {
  const [result] = results
  if (result === undefined) throw new Error('There is no result.')
  return result
}
