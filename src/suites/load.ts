import {existsSync, readdirSync, statSync} from 'node:fs'
import path from 'node:path'
import {NnError} from '../errors.js'
import {
  createValidator,
  DocumentError,
  locateFaults,
  parseText,
  readDocument,
  validateDocument,
  type ParsedDocument,
  type Problem,
} from '../documents/index.js'
import {findScenarioFaults, findSuiteFaults} from './checks.js'
import type {Scenario, Suite} from './model.js'
import {suiteSchema, type ScenarioDocument, type SuiteDocument} from './schema/suite.js'
import {parseSteps} from './steps.js'

export interface LoadSuitesOptions {
  /** Name → path; overrides `models` of the files. */
  models?: Record<string, string>
}

const validate = createValidator(suiteSchema)

/** Reads suite files, and the `*.yaml` below folders. Throws `DocumentError` with everything that is wrong in them. */
export function loadSuites(paths: readonly string[], {models = {}}: LoadSuitesOptions = {}): Suite[] {
  const suites: Suite[] = []
  const problems: Problem[] = []
  const ids = new Map<string, string>()
  for (const file of suiteFiles(paths)) {
    try {
      suites.push(parseSuite(readDocument(file), file, {models, ids}))
    } catch (error) {
      if (!(error instanceof DocumentError)) throw error
      problems.push(...error.problems)
    }
  }
  if (problems.length > 0) throw new DocumentError(problems)
  const unused = Object.keys(models).find((name) => suites.every((suite) => !(name in suite.models)))
  if (unused !== undefined) throw new NnError('invalid_argument', `No suite has a model named ${unused}.`)
  return suites
}

interface ParseSuiteOptions extends LoadSuitesOptions {
  /** The ids taken so far, with the places that took them; those of this suite are added. */
  ids?: Map<string, string>
}

/** Reads the text of one suite. Throws `DocumentError`. */
export function parseSuite(text: string, file: string, {models = {}, ids = new Map()}: ParseSuiteOptions = {}): Suite {
  const document = parseText(text, {file})
  const problems = validateDocument(document, validate)
  if (problems.length > 0) throw new DocumentError(problems)

  const raw = document.value as SuiteDocument
  const folder = path.dirname(path.resolve(file))
  const own = Object.entries(raw.models ?? {}).map(([name, relative]): [string, string] => {
    const override = models[name]
    return [name, override === undefined ? path.resolve(folder, relative) : path.resolve(override)]
  })
  const {locate, written} = document
  const scenarios = raw.scenarios.map((scenario, index) => parseScenario(scenario, index, document))
  const suite: Suite = {file, name: raw.suite, models: Object.fromEntries(own), scenarios, locate, written}

  const faults = [
    ...scenarios.flatMap((scenario) => findScenarioFaults(scenario, raw, suite.models)),
    ...findSuiteFaults(suite, ids),
  ]
  if (faults.length > 0) throw new DocumentError(locateFaults(faults, document))
  return suite
}

function parseScenario({steps, ...scenario}: ScenarioDocument, index: number, {written}: ParsedDocument): Scenario {
  const place = ['scenarios', index]
  const id = written([...place, 'id']) ?? String(scenario.id)
  return {...scenario, id, steps: parseSteps(steps, [...place, 'steps']), path: place}
}

function suiteFiles(paths: readonly string[]): string[] {
  const found = paths.flatMap((given) => {
    if (!existsSync(given)) throw new NnError('not_found', `There is no suite ${given}.`)
    if (!statSync(given).isDirectory()) return [given]
    const names = readdirSync(given, {recursive: true, encoding: 'utf8'}).filter((name) => /\.ya?ml$/.test(name))
    if (names.length === 0) throw new NnError('not_found', `There are no suites (*.yaml) in ${given}.`)
    return names.sort().map((name) => path.join(given, name))
  })
  return [...new Set(found)]
}
