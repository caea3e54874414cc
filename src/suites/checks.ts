import {existsSync} from 'node:fs'
import type {Fault} from '../documents/index.js'
import type {Path, Scenario, Step, Suite} from './model.js'
import {allSteps, verbsOf, verbTraits} from './steps.js'
import {variablesIn} from './variables.js'

/** Checks beyond the schema: mistakes with which a scenario would run but check less than it seems. */
export function findScenarioFaults(scenario: Scenario, root: unknown, models: Record<string, string>): Fault[] {
  const steps = [...allSteps(scenario.steps)]
  const faults = [
    ...steps.flatMap((step) => findStepFaults(step, valueAt(root, step.path), models)),
    ...findUnknownVariables(scenario, steps),
    ...(scenario.skip_unless?.models ?? []).flatMap((name, index) =>
      findUnknownModel(name, [...scenario.path, 'skip_unless', 'models', index], models),
    ),
  ]
  if (faults.length > 0 || steps.some(asserts)) return faults
  const hint = 'Add an `expect` to at least one step.'
  return [{path: [...scenario.path, 'steps'], target: 'key', message: 'the scenario asserts nothing', hint}]
}

/** Variables that every scenario has when it runs. */
const givenVariables = ['tmp', 'models']

/** Variables of the scenario's name that neither it nor a step of it sets, nor every scenario has. */
function findUnknownVariables({name, path, variables = {}, matrix = {}}: Scenario, steps: readonly Step[]): Fault[] {
  const set = steps.flatMap((step) => [
    ...(step.as === undefined ? [] : [step.as]),
    ...Object.keys(step.capture),
    ...(step.verb === 'repeat' && step.args.counter !== undefined ? [step.args.counter] : []),
  ])
  const known = new Set([...Object.keys(variables), ...Object.keys(matrix), ...set, ...givenVariables])
  const unknown = variablesIn(name).filter((each) => !known.has(firstOf(each)))
  return [...new Set(unknown)].map((each) => {
    const message = `there is no variable ${firstOf(each)}; known: ${[...known].join(', ')}`
    const hint = `Write $$\{${each}} for the text itself.`
    return {path: [...path, 'name'], target: 'value', message, hint}
  })
}

const firstOf = (dotted: string): string => dotted.replace(/\..*$/s, '')

/** Ids that are taken already, and models that scenarios need but whose files are missing. */
export function findSuiteFaults(suite: Suite, ids: Map<string, string>): Fault[] {
  const faults: Fault[] = []
  for (const {id, path} of suite.scenarios) {
    const {line} = suite.locate([...path, 'id'])
    const taken = ids.get(id)
    if (taken !== undefined)
      faults.push({path: [...path, 'id'], target: 'value', message: `id ${id} is already used by ${taken}`})
    else ids.set(id, `${suite.file}:${line}`)
  }
  const needed = new Set(suite.scenarios.flatMap(neededModels))
  for (const [name, file] of Object.entries(suite.models)) {
    if (!needed.has(name) || existsSync(file)) continue
    const hint = `Use --model ${name}=path, or add it to \`skip_unless.models\` of the scenario.`
    faults.push({path: ['models', name], target: 'value', message: `there is no file ${file}`, hint})
  }
  return faults
}

function neededModels({steps, pending, skip_unless}: Scenario): string[] {
  if (pending !== undefined) return []
  const names = [...allSteps(steps)].map((step) => (step.args as {model?: string}).model)
  return names.filter((name) => name !== undefined).filter((name) => skip_unless?.models?.includes(name) !== true)
}

function asserts(step: Step): boolean {
  return verbTraits[step.verb].asserts === true || Object.keys(step.expect).length > 0
}

function findStepFaults(step: Step, raw: object, models: Record<string, string>): Fault[] {
  const calls = verbsOf(raw)
  if (calls.length !== 1) {
    const message = `a step must have exactly one call; this one has ${calls.length === 0 ? 'none' : calls.join(' and ')}`
    return [{path: [...step.path], target: 'value', message}]
  }
  const allowed = ['error', 'duration', ...verbTraits[step.verb].gives]
  const odd = Object.keys(step.expect).filter((key) => !allowed.includes(key))
  return [
    ...odd.map((key): Fault => {
      const message = `${step.verb} has no ${key}; it has ${allowed.join(', ')}`
      return {path: [...step.path, 'expect', key], target: 'key', message}
    }),
    ...findSourceFaults(step, models),
  ]
}

const loadSources = ['model', 'name', 'file', 'text', 'json', 'base64', 'zero_bytes']
const inputSources = ['text', 'json', 'base64', 'zero_bytes']

/** A model, or an input, comes from exactly one place. */
function findSourceFaults(step: Step, models: Record<string, string>): Fault[] {
  const loads = /^load/.test(step.verb)
  if (!loads && step.verb !== 'set_input' && step.verb !== 'run_inference') return []
  const path = [...step.path, step.verb]
  const given = Object.keys(step.args).filter((key) => (loads ? loadSources : inputSources).includes(key))
  if (given.length !== 1) {
    const what = loads ? 'model' : 'input'
    return [
      {
        path,
        target: 'value',
        message: `must have exactly one source of the ${what}; this one has ${given.join(' and ') || 'none'}`,
      },
    ]
  }
  const {model} = step.args as {model?: string}
  return model === undefined ? [] : findUnknownModel(model, path, models)
}

function findUnknownModel(name: string, path: Path, models: Record<string, string>): Fault[] {
  // A variable is known only when the step runs.
  if (name in models || name.includes('${')) return []
  const known = Object.keys(models).join(', ') || 'none'
  return [{path: [...path], target: 'value', message: `there is no model "${name}" under \`models\`; it has ${known}`}]
}

function valueAt(root: unknown, path: Path): object {
  return path.reduce((value, part) => (value as Record<string | number, unknown>)[part], root) as object
}
